"""Everything that was measured, as Markdown."""

from __future__ import annotations

import statistics

import goals
from results import Results, number, spread
from scenarios import ALL, SCENARIOS, Scenario


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


def report(results: Results) -> str:
    """Everything as Markdown."""
    lines = ["# Benchmark", ""]
    table = goals.table(results)
    if table:
        lines += ["## Goals", "", *table]
    lines += summary(results)
    lines += ["## Scenarios", ""] if results.samples else []
    for scenario in SCENARIOS:
        if scenario.key in results.samples:
            lines += scenario_table(results, scenario)
    for title, facts in results.facts.items():
        lines += [f"### {title}", "", *facts, ""]
    return "\n".join(lines)
