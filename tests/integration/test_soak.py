"""What crowds leave behind in the servers; `scripts/soak` asks the same for long."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness import BIN_DIR
from soak import Holdings, complaints, soak

pytestmark = pytest.mark.native

CLIENTS = 40


def is_sanitized() -> bool:
    """A sanitizer keeps freed memory, and finds leaks by itself."""
    cache = (BIN_DIR / "CMakeCache.txt").read_text("utf-8")
    return any(line.startswith("PORTCULLIS_SANITIZE:") and line.split("=", 1)[1]
               for line in cache.splitlines())


def test_crowds_leave_nothing_behind(folder: Path) -> None:
    assert complaints(soak(folder, 4, CLIENTS), with_memory=not is_sanitized()) == []


def test_growth_is_a_complaint() -> None:
    few, more = Holdings(20, 5000), Holdings(21, 6000)
    rounds = [dict.fromkeys(("db", "game", "gate"), few) for _ in range(3)]
    assert complaints(rounds, with_memory=True) == []
    rounds.append({"db": few, "game": few, "gate": more})
    assert complaints(rounds, with_memory=True) == [
        "gate: descriptors [20, 21]", "gate: private memory grew by 1000 KiB",
    ]  # fmt: skip
    assert len(complaints(rounds, with_memory=False)) == 1
