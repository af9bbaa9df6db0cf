"""Every numeric goal, and whether what was measured holds it. Values are compared unrounded."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import growth
import relay
from results import Results, error, number, part, quarters
from scenarios import SCENARIOS

EVERYWHERE = tuple(s.key for s in SCENARIOS)  # where Asio runs
MEMORY_BYTES = 512
BUSY_POLL_US = 8.0
SLOW_READERS_P99 = 1.10


@dataclass(frozen=True, slots=True)
class Goal:
    """The median of the figures, of the rounds in which the host was quieter, is at most (or at
    least) the limit."""

    what: str
    scenario: str
    limit: float
    figures: Callable[[Results], list[float]]  # one per round; empty: not measured
    unit: str = ""  # none: a ratio
    is_least: bool = False
    servers: tuple[str, ...] = ()  # whose figures; none: no round is chosen
    value: str = "cpu_ns"  # of the others, by which rounds are chosen

    def verdict(self, results: Results) -> Verdict:
        every = self.figures(results)
        if not self.servers or not every:
            return Verdict(self, every, every)
        quiet = results.quiet(self.scenario, self.servers, self.value)
        return Verdict(self, [every[i] for i in quiet], every)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A goal and what was measured of it."""

    goal: Goal
    figures: list[float]  # in the quieter rounds
    every: list[float]  # in all

    @property
    def value(self) -> float:
        return statistics.median(self.figures)

    @property
    def holds(self) -> bool:
        goal = self.goal
        return self.value >= goal.limit if goal.is_least else self.value <= goal.limit

    @property
    def is_sure(self) -> bool:
        """The limit is farther than two standard errors away."""
        return abs(self.value - self.goal.limit) > 2 * error(self.figures)

    @property
    def part(self) -> str:
        """Of the benchmark, where it is measured."""
        return part(self.goal.scenario)

    def text(self) -> str:
        """For a person, without the table."""
        goal = self.goal
        limit = f"at {'least' if goal.is_least else 'most'} {written(goal.limit)}"
        limit += "" if self.is_sure else " (within the error)"
        return f"{goal.what}, {goal.scenario}: {self.value:.4g} {goal.unit}".rstrip() + f", {limit}"


def written(limit: float) -> str:
    """A limit as people write it: 0.05, 1.20, 512."""
    return f"{limit:.2f}" if limit < 8 else f"{limit:g}"


def ratio_of(
    results: Results, key: str, server: str, reference: str, value: str
) -> list[float]:
    return results.ratios(key, server, reference, value)


def value_of(results: Results, key: str, server: str, value: str) -> list[float]:
    return results.rounds(key, server, value)


def ratios(
    server: str, reference: str, limit: float, keys: tuple[str, ...], value: str = "cpu_ns"
) -> Iterator[Goal]:
    """A server against another one within each round of some scenarios."""
    what = f"{server} / {reference}" + ("" if value == "cpu_ns" else f" ({value})")
    for key in keys:
        figures = partial(ratio_of, key=key, server=server, reference=reference, value=value)
        yield Goal(what, key, limit, figures, servers=(server, reference), value=value)


def memory(server: str) -> Goal:
    figures = partial(value_of, key="g", server=server, value="bytes")
    return Goal(f"{server}: memory of an idle connection", "g", MEMORY_BYTES, figures, "bytes")


def growth_of(server: str) -> Goal:
    what = f"{server}: CPU at 15,000 / at 1,000 connections, 1,000 in flight"
    figures = partial(value_of, key="growth", server=server, value="turns")
    return Goal(what, "l", growth.LIMIT, figures)


def relays() -> Iterator[Goal]:
    for depth, ours, theirs, limit in relay.GOALS:
        yield from ratios(ours, theirs, limit, (f"i{depth}",))
    for depth in relay.DEPTHS:
        for part_name, third, saved in relay.LINK_PARTS:
            yield Goal(
                f"unix link: saves of {part_name}", f"i{depth}", relay.LINK_GOAL,
                partial(saved, depth=depth), is_least=True, servers=(relay.TCP, relay.UNIX, third),
            )  # fmt: skip


def slow_readers() -> Goal:
    figures = partial(ratio_of, key="k", server="0", reference="1", value="p99_us")
    what = "p99 of others, some do not read / all do"
    return Goal(what, "k", SLOW_READERS_P99, figures)


def busy_poll(what: str, server: str) -> Goal:
    figures = partial(value_of, key="p", server=server, value="p50_us")
    return Goal(
        f"{what}: p50, client spins", "p", BUSY_POLL_US, figures, "us",
        servers=(server,), value="p50_us",
    )  # fmt: skip


GOALS = (
    *ratios("uring", "raw_uring", 1.05, ("b", "d", "e", "f", "h", "h1k", "fragments")),
    *ratios("uring", "raw_uring", 1.08, ("c",)),
    *ratios("uring", "libuv", 1.00, ("b", "d", "f", "h", "h1k")),
    *ratios("uring", "libuv", 1.03, ("c", "e")),
    *ratios("uring", "asio", 1.00, EVERYWHERE),
    *ratios("uring", "libevent", 0.75, ("b", "c", "d", "e", "h", "h1k")),
    *ratios("uring", "libuv_naive", 1 / 20, ("c",)),
    *ratios("uring", "libuv_naive", 1 / 5, ("e",)),
    *ratios("epoll", "raw_epoll", 1.05, ("b", "c", "d", "e", "f", "h", "h1k", "fragments")),
    *ratios("uring", "raw_uring", 1.05, ("a",), "p50_us"),
    *ratios("epoll", "raw_epoll", 1.05, ("a",), "p50_us"),
    memory("uring"),
    memory("epoll"),
    *relays(),
    slow_readers(),
    growth_of("uring"),
    growth_of("epoll"),
    busy_poll("busy_poll_us", "polls"),
    busy_poll("busy_poll_us, congestion reno", "polls, reno"),
)


def verdicts(results: Results) -> list[Verdict]:
    """Of all goals that were measured."""
    judged = (goal.verdict(results) for goal in GOALS)
    return [verdict for verdict in judged if verdict.every]


def table(results: Results) -> list[str]:
    """The verdicts in Markdown."""
    lines = [
        "| goal | scenario | limit | measured, standard error (quartiles) | all rounds | holds |",
        "| --- | --- | --- | --- | --- | --- |",
        *(line(verdict) for verdict in verdicts(results)),
    ]
    return [*lines, ""] if len(lines) > 2 else []


def line(verdict: Verdict) -> str:
    goal, figures = verdict.goal, verdict.figures
    low, _, high = quarters(figures)
    form = (lambda f: f"{f:.3f}") if goal.unit == "" else number
    measured = f"{form(verdict.value)} ± {form(error(figures))} ({form(low)}..{form(high)})"
    limit = f"{'at least ' if goal.is_least else ''}{written(goal.limit)} {goal.unit}".rstrip()
    holds = "yes" if verdict.holds else "**no**"
    holds += "" if verdict.is_sure else ", within the error"
    every = form(statistics.median(verdict.every))
    return f"| {goal.what} | {goal.scenario} | {limit} | {measured} | {every} | {holds} |"
