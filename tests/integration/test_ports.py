"""Ports that tests choose: none is given twice, to one process or to two."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import ports
import pytest

pytestmark = pytest.mark.native


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> range:
    """So few ports that who chose blindly would choose one twice."""
    base = ports.free_port(*range(1, 8))
    for port in range(base, base + 8):
        ports.give_back(port)
    monkeypatch.setattr(ports, "FIRST", base)
    monkeypatch.setattr(ports, "LAST", base + 7)
    return range(base, base + 8)


def test_all_ports_of_a_process_differ(few: range) -> None:
    assert sorted(ports.free_port() for _ in few) == list(few)


def test_port_of_another_process_is_not_chosen(few: range) -> None:
    theirs, *ours = few
    script = f"import ports, sys; print(ports.claim_port({theirs}), flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=Path(ports.__file__).parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout and other.stdin
        assert other.stdout.readline() == "True\n"
        assert sorted(ports.free_port() for _ in ours) == ours
        assert not ports.claim_port(theirs)
        other.stdin.close()
        other.wait(timeout=20)
    assert ports.claim_port(theirs)


def test_offsets_are_claimed_too(few: range) -> None:
    base = ports.free_port(3, 5)
    assert {base, base + 3, base + 5} <= set(few)
    for offset in (0, 3, 5):
        assert not ports.claim_port(base + offset)
