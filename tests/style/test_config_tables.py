"""The tables of ini keys: what is read from a server, and that a difference is found."""

from __future__ import annotations

import subprocess
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "config_tables"

PRINTED = """# Configuration of the demo server.

[clients]

# Where clients connect | or not.
# Two lines.
# Allowed: 1..5 ms, or never.
;listen = 127.0.0.1:7000

# No default.
# Allowed: a path.
;path =
"""


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as a module."""
    loader = SourceFileLoader("config_tables", str(SCRIPT))
    spec = spec_from_loader("config_tables", loader)
    assert spec is not None
    module = module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "config_tables", module)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    loader.exec_module(module)
    return module


def test_printed_keys_become_rows(script: ModuleType) -> None:
    rows = script.table(script.parse(PRINTED)).splitlines()
    assert rows[2:] == [
        "| `clients.listen` | `127.0.0.1:7000` | 1..5 ms, or never "
        "| Where clients connect \\| or not. Two lines. |",
        "| `clients.path` | `` | a path | No default. |",
    ]


def test_only_what_stands_between_the_marks_changes(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script, "printed", lambda tree, server: PRINTED)
    page = "a\n<!-- keys of gate -->\nold\n<!-- end of keys -->\nb\n"
    updated = script.update(page, Path("x"))
    assert updated.startswith("a\n<!-- keys of gate -->\n| key ")
    assert updated.endswith("No default. |\n<!-- end of keys -->\nb\n")
    assert "old" not in updated
    assert script.update(updated, Path("x")) == updated


def test_a_server_that_prints_nothing_is_an_error(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script, "printed", lambda tree, server: "")
    with pytest.raises(SystemExit):
        script.update("<!-- keys of gate -->\n<!-- end of keys -->", Path("x"))


def test_a_tree_without_programs_fails() -> None:
    command = [sys.executable, str(SCRIPT), "--check", "/nonexistent"]
    assert subprocess.run(command, capture_output=True, check=False).returncode != 0
