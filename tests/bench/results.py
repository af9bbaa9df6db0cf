"""Collected samples, their medians and spreads."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass, field

QUIET_PART = 2  # one half of the rounds
QUIET_MIN = 10

Rounds = dict[str, list[float]]  # name of the value -> one number per round


def part(scenario: str) -> str:
    """Of the benchmark, where it is measured: i of i1 and i8, l of l10, l15000t and growth."""
    if scenario == "growth":
        return "l"
    return scenario[0] if scenario[0] in "ijl" else scenario


@dataclass(slots=True)
class Results:
    """samples[scenario][server][value] has one number per round; facts are lines for the reader;
    again tells how many rounds the parts have that were measured anew, later than the others."""

    samples: dict[str, dict[str, Rounds]] = field(default_factory=dict)
    facts: dict[str, list[str]] = field(default_factory=dict)
    again: dict[str, int] = field(default_factory=dict)

    def forget(self, parts: list[str]) -> None:
        """What was measured of these parts or scenarios."""
        self.samples = {
            s: v for s, v in self.samples.items() if s not in parts and part(s) not in parts
        }

    def add(self, scenario: str, server: str, values: dict[str, float]) -> None:
        rounds = self.samples.setdefault(scenario, {}).setdefault(server, {})
        for name, value in values.items():
            rounds.setdefault(name, []).append(value)

    def rounds(self, scenario: str, server: str, value: str) -> list[float]:
        return self.samples.get(scenario, {}).get(server, {}).get(value, [])

    def quiet(self, scenario: str, judged: tuple[str, ...], value: str) -> list[int]:
        """The rounds that the host disturbed least: the faster half of them, at least ten, by what
        the other servers of the scenario took. Those who are judged have no say, or each would
        choose the rounds in which it was lucky. All rounds if there is nobody else."""
        count = len(self.rounds(scenario, judged[0], value)) if judged else 0
        names = [name for name in self.samples.get(scenario, {}) if name not in judged]
        rounds = [self.rounds(scenario, name, value) for name in names]
        others = [theirs for theirs in rounds if len(theirs) == count]
        if not others:
            return list(range(count))
        took = [sum(math.log(theirs[i]) for theirs in others) for i in range(count)]
        return sorted(range(count), key=took.__getitem__)[: max(count // QUIET_PART, QUIET_MIN)]

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


def quarters(figures: list[float]) -> list[float]:
    """First quartile, median, third quartile."""
    return statistics.quantiles(figures, n=4) if len(figures) > 1 else figures * 3


def error(figures: list[float]) -> float:
    """Standard error of the median, from the quartiles: 1.2533 / 1.349 of their distance, as of a
    normal distribution, whose tails a busy host's are not."""
    low, _, high = quarters(figures)
    return 0.929 * (high - low) / math.sqrt(len(figures))


def quartiles(ratios: list[float]) -> str:
    """Median (first..third quartile) of ratios."""
    low, middle, high = quarters(ratios)
    return f"{middle:.3f} ({low:.2f}..{high:.2f})"
