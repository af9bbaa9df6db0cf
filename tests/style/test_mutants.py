"""What counts as a find of a broken variant (tests/sim/run_mutants.py), and that each can be made.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

SIM = Path(__file__).resolve().parents[1] / "sim"
sys.path.insert(0, str(SIM))

import run_mutants  # noqa: E402
from mutate import Mutant, apply, parse  # noqa: E402

MUTANT = Mutant("name", "why", "runtime/net/worker.c", (("right", "wrong"),))
ENDS = {
    "echo 'a.c:7: assertion failed: b == c' >&2; echo 'FAILED seed 12; again: ...'; exit 1": (
        "invariant", "seed 12: a.c:7 b == c"),
    "echo '==1==ERROR: AddressSanitizer: heap-use-after-free on address'; exit 1": (
        "invariant", "AddressSanitizer: heap-use-after-free"),
    "exit 3": ("silence", "ended with 3"),
    "kill -SEGV $$": ("silence", "ended with -11"),
    "sleep 30": ("time limit", "not over after 1 s"),
}  # fmt: skip


def program(folder: Path, text: str) -> Path:
    path = folder / "program"
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("end", ENDS)
def test_failed_run_is_told_by_its_kind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    monkeypatch.setattr(run_mutants, "HANG_SECONDS", 1)
    kind, words = ENDS[end]
    assert run_mutants.run(program(tmp_path, end), []) == run_mutants.Failure(kind, words)
    outcome = run_mutants.judge(program(tmp_path, end), MUTANT)
    assert outcome.is_found == (kind == "invariant")
    assert outcome.how.startswith(kind)


def test_run_without_a_failure_is_no_find(tmp_path: Path) -> None:
    outcome = run_mutants.judge(program(tmp_path, "exit 0"), MUTANT)
    assert not outcome.is_found


def test_mutant_may_say_that_it_never_ends(tmp_path: Path) -> None:
    path = tmp_path / "loop.mutant"
    text = "why: w\nfile: f\nfound: time limit\n--- right\na\n--- wrong\nb\n"
    path.write_text(text, encoding="utf-8")
    assert parse(path).found == "time limit"
    path.write_text(text.replace("found: time limit\n", ""), encoding="utf-8")
    assert parse(path).found == "invariant"


@pytest.mark.parametrize("name", sorted(path.stem for path in SIM.glob("mutants/*.mutant")))
def test_mutant_follows_the_source(name: str) -> None:
    mutant = parse(SIM / "mutants" / f"{name}.mutant")
    source = (SIM.parents[1] / mutant.file).read_text(encoding="utf-8")
    assert apply(mutant, source) != source
