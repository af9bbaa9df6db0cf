"""Which rounds a goal is held against."""

from __future__ import annotations

import pytest

import goals
import relay
from results import Results

QUIET = [100.0] * 10
NOISY = [150.0] * 10


def results_of(scenario: str, **servers: list[float]) -> Results:
    results = Results()
    for name, figures in servers.items():
        for figure in figures:
            results.add(scenario, name, {"cpu_ns": figure, "p50_us": figure})
    return results


def verdict_of(results: Results, what: str, scenario: str) -> goals.Verdict:
    return next(
        v for v in goals.verdicts(results) if (v.goal.what, v.goal.scenario) == (what, scenario)
    )


def test_quiet_rounds_are_those_in_which_the_others_were_faster() -> None:
    results = results_of(
        "c", epoll=[1.0] * 20, libuv=NOISY + QUIET, asio=[90.0] * 9 + [300.0] + [90.0] * 10
    )
    assert sorted(results.quiet("c", ("epoll",), "cpu_ns")) == list(range(10, 20))


def test_quiet_rounds_are_not_chosen_by_who_is_judged() -> None:
    others = NOISY[:5] + QUIET + NOISY[5:]
    low, high = [1.0] * 10, [9.0] * 10
    chosen = [
        results_of("c", epoll=ours, raw_epoll=theirs, libuv=others).quiet(
            "c", ("epoll", "raw_epoll"), "cpu_ns"
        )
        for ours, theirs in ((low + high, high + low), (high + low, low + high))
    ]
    assert chosen[0] == chosen[1]


def test_quiet_rounds_are_ten_at_least() -> None:
    results = results_of("c", epoll=[1.0] * 12, libuv=[float(i) + 1 for i in range(12)])
    assert results.quiet("c", ("epoll",), "cpu_ns") == list(range(10))


def test_quiet_rounds_are_all_without_others() -> None:
    results = results_of("k", **{"0": QUIET + NOISY, "1": NOISY + QUIET})
    assert len(results.quiet("k", ("0", "1"), "p99_us")) == 0
    assert len(results.quiet("k", ("0", "1"), "cpu_ns")) == 20


def test_quiet_rounds_leave_out_whom_some_rounds_lack() -> None:
    results = results_of("c", epoll=[1.0] * 20, libuv=NOISY + QUIET, asio=[5.0] * 19)
    assert sorted(results.quiet("c", ("epoll",), "cpu_ns")) == list(range(10, 20))


@pytest.mark.parametrize(("quiet", "noisy", "holds"), [(1.04, 1.2, True), (1.06, 0.9, False)])
def test_goal_is_held_against_the_quiet_rounds_and_tells_of_all(
    quiet: float, noisy: float, holds: bool
) -> None:
    ours = [100 * quiet] * 10 + [150 * noisy] * 11
    bare = QUIET + NOISY + NOISY[:1]
    results = results_of("c", epoll=ours, raw_epoll=bare, libuv=bare)
    verdict = verdict_of(results, "epoll / raw_epoll", "c")
    assert verdict.holds is holds
    assert verdict.value == pytest.approx(quiet)
    assert f"| {noisy:.3f} |" in goals.line(verdict)


def test_goal_of_an_absolute_figure_is_held_against_the_quiet_rounds() -> None:
    polls = [7.9] * 10 + [12.0] * 11
    results = results_of("p", polls=polls, sleeps=QUIET + NOISY + NOISY[:1])
    assert verdict_of(results, "busy_poll_us: p50, client spins", "p").value == 7.9


@pytest.mark.parametrize(("path", "holds"), [(759.0, True), (761.0, False)])
@pytest.mark.parametrize(
    ("part", "third", "figure"),
    [("what the relay adds", relay.ECHO, 600.0), ("both ends of a TCP link", relay.TCP_END, 100.0)],
)
def test_unix_link_is_held_against_both_parts(
    part: str, third: str, figure: float, path: float, holds: bool
) -> None:
    servers = {third: [figure] * 20, relay.TCP: [800.0] * 20, relay.UNIX: [path] * 20}
    verdict = verdict_of(results_of("i8", **servers), f"unix link: saves of {part}", "i8")
    assert verdict.holds is holds
    assert verdict.value == pytest.approx((800 - path) / 200)


def test_unix_link_chooses_its_rounds_by_what_others_took() -> None:
    servers = {
        relay.ECHO: QUIET + NOISY[:1] + NOISY,
        relay.TCP: [900.0] * 10 + [800.0] * 11,
        relay.UNIX: [800.0] * 10 + [790.0] * 11,
        "gate alone, unix link": NOISY + QUIET + NOISY[:1],
    }
    what = "unix link: saves of what the relay adds"
    verdict = verdict_of(results_of("i8", **servers), what, "i8")
    assert verdict.figures == verdict.every[10:20]


def test_goal_of_two_servers_of_which_one_is_missing_is_not_judged() -> None:
    results = results_of("i8", **{"gate alone, tcp link": QUIET})
    assert goals.verdicts(results) == []


def test_goal_without_others_is_held_against_all_rounds() -> None:
    results = Results()
    for figure in (1.0, 1.1, 1.3):
        results.add("growth", "uring", {"turns": figure})
    what = "uring: CPU at 15,000 / at 1,000 connections, 1,000 in flight"
    assert verdict_of(results, what, "l").figures == [1.0, 1.1, 1.3]


def test_a_part_that_is_measured_again_is_forgotten_whole() -> None:
    results = Results()
    for scenario in ("a", "i1", "i8", "l10", "growth", "p"):
        results.add(scenario, "uring", {"cpu_ns": 1.0})
    results.forget(["i", "l", "a"])
    assert list(results.samples) == ["p"]
