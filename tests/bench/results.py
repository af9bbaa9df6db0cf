"""Collected samples, their medians and spreads, and whether the goals hold."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field

from scenarios import ALL, GOALS, SCENARIOS, Goal, Scenario

Rounds = dict[str, list[float]]  # name of the value -> one number per round


@dataclass(slots=True)
class Results:
    """samples[scenario][server][value] has one number per round; facts are lines for the reader."""

    samples: dict[str, dict[str, Rounds]] = field(default_factory=dict)
    facts: dict[str, list[str]] = field(default_factory=dict)

    def add(self, scenario: str, server: str, values: dict[str, float]) -> None:
        rounds = self.samples.setdefault(scenario, {}).setdefault(server, {})
        for name, value in values.items():
            rounds.setdefault(name, []).append(value)

    def rounds(self, scenario: str, server: str, value: str) -> list[float]:
        return self.samples.get(scenario, {}).get(server, {}).get(value, [])

    def ratios(self, scenario: str, server: str, reference: str, value: str) -> list[float]:
        """Of each round: what drifts, drifts for both."""
        ours = self.rounds(scenario, server, value)
        theirs = self.rounds(scenario, reference, value)
        return [a / b for a, b in zip(ours, theirs)] if len(ours) == len(theirs) else []

    def ratio(self, scenario: str, server: str, reference: str, value: str) -> float | None:
        """Median of the ratios within the rounds."""
        ratios = self.ratios(scenario, server, reference, value)
        return statistics.median(ratios) if ratios else None


def number(value: float) -> str:
    """Three or four digits that matter."""
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 100 else f"{value:.2f}"


def spread(rounds: list[float]) -> str:
    """Median (least..greatest)."""
    return f"{number(statistics.median(rounds))} ({number(min(rounds))}..{number(max(rounds))})"


def scenario_table(results: Results, scenario: Scenario) -> list[str]:
    """A Markdown table of one scenario."""
    key = scenario.key
    lines = [
        f"### {key}: {scenario.title}",
        "",
        f"| server | CPU ns per {scenario.unit} | of raw io_uring | thousand per s | p50 us "
        "| p99 us | p99.9 us | load generator's core |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for server, values in results.samples[key].items():
        ratio = results.ratio(key, server, "raw_uring", "cpu_ns")
        middle = {name: statistics.median(rounds) for name, rounds in values.items()}
        lines.append(
            f"| {server} | {spread(values['cpu_ns'])} | {f'{ratio:.2f}' if ratio else '-'} "
            f"| {number(middle['rate'] / 1000)} | {number(middle['p50_us'])} "
            f"| {number(middle['p99_us'])} | {number(middle['p999_us'])} "
            f"| {middle['client_load']:.2f} |"
        )
    return [*lines, ""]


def summary(results: Results) -> list[str]:
    """One row for each scenario that all servers have borne: CPU, and its ratio to raw."""
    lines = [
        "| CPU ns (ratio to raw io_uring) | " + " | ".join(ALL) + " |",
        "| --- |" + " --- |" * len(ALL),
    ]
    for scenario in SCENARIOS:
        rounds = [results.rounds(scenario.key, server, "cpu_ns") for server in ALL]
        if not all(rounds):
            continue
        cells = []
        for server, values in zip(ALL, rounds):
            ratio = results.ratio(scenario.key, server, "raw_uring", "cpu_ns")
            cells.append(f"{number(statistics.median(values))} ({ratio:.2f})")
        lines.append(f"| {scenario.key}: {scenario.title} | " + " | ".join(cells) + " |")
    return [*lines, ""] if len(lines) > 2 else []


def goal_lines(results: Results) -> list[str]:
    """A Markdown table of the goals that were measured."""
    lines = [
        "| goal | scenario | at most | measured (quartiles) | holds |",
        "| --- | --- | --- | --- | --- |",
    ]
    for goal in GOALS:
        for key in goal.scenarios:
            ratios = results.ratios(key, goal.server, goal.reference, goal.value)
            if ratios:
                lines.append(goal_line(goal, key, ratios))
    return [*lines, ""]


def goal_line(goal: Goal, key: str, ratios: list[float]) -> str:
    ratio = statistics.median(ratios)
    low, _, high = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else ratios * 3
    what = "" if goal.value == "cpu_ns" else f" ({goal.value})"
    holds = "yes" if round(ratio, 2 if goal.ratio >= 0.1 else 3) <= goal.ratio else "**no**"
    name = f"{goal.server} / {goal.reference}{what}"
    return (
        f"| {name} | {key} | {goal.ratio:.2f} | {ratio:.3f} ({low:.2f}..{high:.2f}) | {holds} |"
    )


def report(results: Results) -> str:
    """Everything as Markdown."""
    lines = ["# Benchmark", ""]
    if any(key in results.samples for goal in GOALS for key in goal.scenarios):
        lines += ["## Goals", "", *goal_lines(results)]
    lines += summary(results)
    lines += ["## Scenarios", ""] if results.samples else []
    for scenario in SCENARIOS:
        if scenario.key in results.samples:
            lines += scenario_table(results, scenario)
    for title, facts in results.facts.items():
        lines += [f"### {title}", "", *facts, ""]
    return "\n".join(lines)
