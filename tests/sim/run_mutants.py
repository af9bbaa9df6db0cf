"""Run every broken variant of the runtime until the simulation finds it, and name those it misses.

    run_mutants.py <folder of sim_mutant_*> <folder of .mutant files> [name...]

Each variant of the runtime first runs all interleavings of a small world, then seeds, up to a
bound; each variant of a server runs seeds of the whole slice. A run that fails does so in one of
these ways, and only the one that the .mutant file names, by default `invariant`, is a find:

    invariant      an assertion has printed what does not hold, or a sanitizer its report
    time limit     it did not come to an end
    silence        it ended with an error or by a signal and said nothing of this
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from mutate import Mutant, parse

SMALL_OPERATIONS = 3
SEED_FIRST = 1
SEEDS_MAX = 4000
SLICE_SEEDS_MAX = 400
HANG_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Failure:
    """How a run failed: the kind, and its last words."""

    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether and how a variant was found."""

    mutant: Mutant
    is_found: bool
    how: str


def explain(text: str, status: int) -> Failure:
    """What the end of a failed run says: the assertion and, if there is one, the seed."""
    assertion = re.search(r"(\w+\.[ch]:\d+): assertion failed: (.*)", text)
    sanitizer = re.search(r"ERROR: (\w+Sanitizer: [\w-]+)", text)
    seed = re.search(r"FAILED seed (\d+)", text)
    if assertion is None and sanitizer is None:
        return Failure("silence", f"ended with {status}")
    words = f"{assertion[1]} {assertion[2]}" if assertion else ""
    if sanitizer:
        words = sanitizer[1]
    return Failure("invariant", f"seed {seed[1]}: {words}" if seed else words)


def run(program: Path, arguments: Iterable[str]) -> Failure | None:
    """None if the run did not fail."""
    try:
        result = subprocess.run(
            [str(program), *arguments],
            capture_output=True, text=True, errors="replace", timeout=HANG_SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return Failure("time limit", f"not over after {HANG_SECONDS} s")
    if result.returncode == 0:
        return None
    return explain(result.stdout + result.stderr, result.returncode)


def modes_of(program: Path, mutant: Mutant) -> tuple[tuple[str, list[str]], ...]:
    """Small worlds first: what they find, they find with the fewest events."""
    if mutant.file.startswith("servers/"):
        database = str(program) + ".db"
        seeds = ["--seeds", str(SLICE_SEEDS_MAX), "--first", str(SEED_FIRST)]
        return (("slice", [*seeds, "--database", database]),)
    return (
        ("small world", ["--small", str(SMALL_OPERATIONS)]),
        ("random", ["--seeds", str(SEEDS_MAX), "--first", str(SEED_FIRST)]),
    )


def judge(program: Path, mutant: Mutant) -> Outcome:
    """Run until it is found or the seeds are used up."""
    for mode, arguments in modes_of(program, mutant):
        failure = run(program, arguments)
        if failure is not None:
            is_found = failure.kind == mutant.found
            return Outcome(mutant, is_found, f"{failure.kind}, {mode}: {failure.words}")
    return Outcome(mutant, False, "not found within the bound of seeds")


def main(arguments: list[str]) -> int:
    """Run all variants, or those named."""
    programs, descriptions = Path(arguments[0]), Path(arguments[1])
    mutants = [parse(path) for path in sorted(descriptions.glob("*.mutant"))]
    mutants = [m for m in mutants if m.name in arguments[2:] or not arguments[2:]]
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        outcomes = list(pool.map(lambda m: judge(programs / f"sim_mutant_{m.name}", m), mutants))
    missed = [outcome for outcome in outcomes if not outcome.is_found]
    for outcome in outcomes:
        mark = "found " if outcome.is_found else "MISSED"
        print(f"{mark} {outcome.mutant.name}: {outcome.how}")
    for outcome in missed:
        print(f"MISSED {outcome.mutant.name}: {outcome.mutant.why}")
    print(f"{len(outcomes) - len(missed)} of {len(outcomes)} broken variants found")
    return 1 if missed or not outcomes else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
