"""Scenario (l): what a message costs with 10 to 15,000 connections.

At 15,000 with one request each outstanding a reply takes an eighth of a second. Nobody has anything
to send within the 40 ms of a delayed acknowledgement then, and a message takes more segments than
at 1,000. So growth is measured with the same 1,000 in flight: groups of the 15,000 take turns.
Both figures are told, with the segments.
"""

from __future__ import annotations

import statistics
from contextlib import ExitStack
from pathlib import Path

import load
from results import Results, number, quartiles
from scenarios import LADDER, SCENARIOS, Scenario
from servers import SERVER_CPU, Server, kind

LIMIT = 1.20
STEPS = tuple(s for s in SCENARIOS if s.key[0] == "l")
FEW = ("l10", "l100", "l5000")  # for the curve
# What is divided has what it is divided by at both sides: a shared host drifts.
ORDER = ("l1000", "l15000t", "l1000", "l15000", "l1000")
ROUNDS_PART = 4  # a round takes 12 seconds of each server


def stage(
    stack: ExitStack, programs: Path, name: str, steps: tuple[Scenario, ...], turns: load.Turns
) -> dict[str, load.Steady]:
    """A server for each number of connections, with its load."""
    loads = {}
    for step in steps:
        server = stack.enter_context(Server(programs, kind(name), cpu=SERVER_CPU))
        shape = [*step.options, *turns.scaled(step.length).options()]
        steady = load.Steady(programs, server.port, [server.pid], shape)
        loads[step.key] = stack.enter_context(steady)
    return loads


def climb(name: str, loads: dict[str, load.Steady], results: Results) -> None:
    """One round of one server."""
    for key in FEW:
        results.add(key, name, loads[key].step().values())
    some, in_turn, again, at_once, last = (loads[key].step().values() for key in ORDER)
    for key, values in (("l1000", again), ("l15000t", in_turn), ("l15000", at_once)):
        results.add(key, name, values)
    results.add("growth", name, {
        "turns": in_turn["cpu_ns"] * 2 / (some["cpu_ns"] + again["cpu_ns"]),
        "all": at_once["cpu_ns"] * 2 / (again["cpu_ns"] + last["cpu_ns"]),
    })  # fmt: skip


def measure(programs: Path, names: list[str], turns: load.Turns, results: Results) -> None:
    """Some rounds of all sizes. Every other round goes backwards through the servers."""
    with ExitStack() as stack:
        loads = {name: stage(stack, programs, name, STEPS, turns) for name in names}
        for turn in range(-(-turns.rounds // ROUNDS_PART)):
            for name in names if turn % 2 == 0 else reversed(names):
                climb(name, loads[name], results)


def tell(results: Results) -> dict[str, list[str]]:
    lines = [
        "| server | 1,000 in flight: ratio (quartiles) | all in flight: ratio (quartiles) "
        "| segments per message at 1,000 | at 15,000, 1,000 in flight | at 15,000, all in flight |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name in LADDER:
        turns, everybody = (results.rounds("growth", name, v) for v in ("turns", "all"))
        if not turns:
            continue
        segments = (
            number(statistics.median(results.rounds(key, name, "segments")))
            for key in ("l1000", "l15000t", "l15000")
        )
        lines.append(
            f"| {name} | {quartiles(turns)} | {quartiles(everybody)} | {' | '.join(segments)} |"
        )
    if len(lines) == 2:
        return {}
    return {f"l: growth, CPU per message at 15,000 / at 1,000 (goal {LIMIT:.2f})": lines}
