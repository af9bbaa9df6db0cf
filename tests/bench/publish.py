"""Puts the last run's tables and plot into docs/PERFORMANCE.md, between its two markers."""

from __future__ import annotations

import json
import shutil
import statistics
from pathlib import Path

import goals
from report import summary
from results import Results, number
from scenarios import ALL, SCENARIOS

DOCS = Path(__file__).resolve().parents[2] / "docs"
BEGIN, END = "<!-- results: begin -->\n", "<!-- results: end -->\n"
LATENCIES = ("a", "c", "d")


def latencies(results: Results, key: str) -> list[str]:
    """Latencies and rates of one scenario."""
    title = next(scenario.title for scenario in SCENARIOS if scenario.key == key)
    lines = [
        f"| {key}: {title} | p50 us | p99 us | p99.9 us | thousand per s |",
        "| --- | --- | --- | --- | --- |",
    ]
    for server in ALL:
        values = results.samples.get(key, {}).get(server)
        if values:
            middle = {name: statistics.median(rounds) for name, rounds in values.items()}
            cells = [middle[name] for name in ("p50_us", "p99_us", "p999_us")]
            cells.append(middle["rate"] / 1000)
            lines.append(f"| {server} | " + " | ".join(map(number, cells)) + " |")
    return [*lines, ""]


def tables(results: Results) -> list[str]:
    """What stands between the markers."""
    lines = [
        "Server CPU per message and its ratio to the bare io_uring server (medians; the ratios are",
        "medians of those within a round):", "", *summary(results),
        "Goals:", "", *goals.table(results),
        "Latencies and rates, bounded by the load generator everywhere but in a:", "",
    ]  # fmt: skip
    for key in LATENCIES:
        lines += latencies(results, key)
    for title, facts in results.facts.items():
        lines += [f"### {title}", "", *facts, ""]
    return lines


def publish(folder: Path) -> Path:
    """The document that was written. folder: where the run has left its results."""
    data = json.loads((folder / "bench.json").read_text())
    results = Results()
    results.samples, results.facts = data["samples"], data["facts"]
    document = DOCS / "PERFORMANCE.md"
    text = document.read_text()
    head, tail = text.split(BEGIN)[0], text.split(END)[1]
    run = (f"{data['when'][:10]}, {data['processor']}, Linux {data['kernel'].split('-')[0]}, "
           f"{data['rounds']} rounds of {data['window_ms']} ms, "
           "more where a limit lay within the error.")  # fmt: skip
    for part, rounds in data.get("again", {}).items():
        run += f" ({part}) was measured again after it, {rounds} rounds."
    document.write_text(head + BEGIN + "\n".join([run, "", *tables(results)]) + END + tail)
    shutil.copyfile(folder / "bench.svg", DOCS / "performance.svg")
    return document
