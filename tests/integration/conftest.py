"""Fixtures of the integration tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cluster import Cluster
from harness import IS_WINE, binary


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "native: does not make sense under Wine")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if IS_WINE:
        natives = [item for item in items if item.get_closest_marker("native")]
        config.hook.pytest_deselected(items=natives)
        items[:] = [item for item in items if item not in natives]


@pytest.fixture(scope="session", autouse=True)
def _binaries() -> None:
    programs = [binary(name) for name in ("db", "game", "gate", "bots")]
    missing = [str(program) for program in programs if not program.exists()]
    if missing:
        pytest.fail(f"not built: {', '.join(missing)}; set PORTCULLIS_BIN_DIR", pytrace=False)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One installation for all tests of a file that leave it as they found it."""
    with Cluster(tmp_path_factory.mktemp("shared")).start_ready() as cluster:
        yield cluster


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder for an installation of the test's own."""
    return tmp_path
