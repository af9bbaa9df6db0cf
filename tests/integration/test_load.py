"""Many clients at once, by the C test client."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from bot_runs import BotRun, bots_story
from cluster import Cluster
from harness import IS_WINE
from relay import FAN_OUT_MAX

CLIENTS = 50 if IS_WINE else 1000
SECONDS = 10


ENGINE = "iocp" if IS_WINE else "uring"
IN_PLAY = ("echo", "move", "chat", "ping")
TIMED = (*IN_PLAY, "register", "login", "enter")


@contextmanager
def few_descriptors() -> Iterator[None]:
    """A low soft limit for what is started meanwhile: the programs themselves must raise it."""
    if IS_WINE:  # what it needs itself is its own business
        yield
        return
    import resource

    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CLIENTS + 200
    if before[1] != resource.RLIM_INFINITY and before[1] < wanted:
        pytest.fail(f"RLIMIT_NOFILE allows {before[1]} descriptors, {wanted} are needed: ulimit -n")
    resource.setrlimit(resource.RLIMIT_NOFILE, (CLIENTS // 2, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_one_session_in_words(shared: Cluster) -> None:
    ended = bots_story(shared.gate_text)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    said = ended.stdout.splitlines()
    expected = [
        f"connected to {shared.gate_text}",
        "hello ok, version ",
        "registered alice-",
        "logged in, account ",
        "echo: Hello from TestClient came back",
        "entered the world at (",
        "moved to (",
        "chat: alice-",
        "ping ",
        "logged out, goodbye",
    ]
    assert len(said) == len(expected), ended.stdout
    for line, beginning in zip(said, expected, strict=True):
        assert line.startswith(beginning)


def test_nobody_there_is_said(shared: Cluster) -> None:
    host, port = shared.gate_address
    ended = bots_story(f"{host}:1", "--timeout", "5000")
    assert ended.returncode == 1
    assert "expected a connection" in ended.stderr
    assert port > 0


def test_wrong_option_is_named() -> None:
    ended = bots_story("127.0.0.1:1", "--speed", "9")
    assert ended.returncode == 2
    assert "--speed" in ended.stderr


def assert_figures(summary: dict[str, Any], seconds: int) -> None:
    """Percentiles are in order, rates are counts by time, and errors are named."""
    play_s = summary["play_ms"] / 1000
    assert seconds * 0.9 <= play_s <= seconds + 5
    total = summary["notices"] / play_s
    for action in TIMED:
        counts = summary["actions"][action]
        assert 0 < counts["p50_us"] <= counts["p99_us"] <= counts["max_us"]
        if action in IN_PLAY:
            rate = (counts["sent"] + counts["answered"]) / play_s
            assert counts["per_second"] == pytest.approx(rate, abs=0.06)
            total += rate
    assert summary["messages_per_second"] == pytest.approx(total, abs=0.06)
    kinds = {"connect", "lost", "timeout", "result", "order", "content", "unexpected", "send"}
    assert set(summary["errors"]) == kinds
    assert set(summary["errors"].values()) == {summary["error_count"]} == {0}


def engine_of(cluster: Cluster) -> str:
    """What all three servers say that they run on."""
    engines = {
        cluster[name].wait_event("started").get("engine") for name in ("db", "game", "gate")
    }
    assert len(engines) == 1
    return engines.pop()


def test_summary_in_words(shared: Cluster) -> None:
    seconds = 1
    ended = bots_story(shared.gate_text, "--clients", "10", "--seconds", str(seconds),
                       "--rate", "20")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    play = re.search(r"^play: ([0-9.]+) s, (\d+) messages per second, (\d+) notices", ended.stdout,
                     re.MULTILINE)
    assert play is not None, ended.stdout
    play_s, total, notices = (float(figure) for figure in play.groups())
    assert seconds * 0.9 <= play_s <= seconds + 5
    expected = notices / play_s
    for action in TIMED:
        line = re.search(rf"^{action} +([0-9. ]+)$", ended.stdout, re.MULTILINE)
        assert line is not None, ended.stdout
        sent, answered, rate, p50, p99, worst = (float(figure) for figure in line[1].split())
        assert 0 <= p50 <= p99 <= worst > 0
        if action in IN_PLAY:
            assert rate == pytest.approx((sent + answered) / play_s, rel=0.06)
            expected += rate
    assert total == pytest.approx(expected, rel=0.06)
    assert "\nerrors: none\n" in ended.stdout


def test_many_clients_at_once(folder: Path) -> None:
    limits: dict[str, dict[str, dict[str, object]]] = {
        "gate": {"clients": {"sessions_max": CLIENTS + 10, "per_address_max": CLIENTS + 10}},
    }
    with few_descriptors(), Cluster(folder, **limits).start_ready() as cluster:
        engine = engine_of(cluster)
        is_blocked = bool(cluster["gate"].events("engine_fallback", blocked="uring"))
        assert engine == ("epoll" if is_blocked else ENGINE)
        summary = BotRun(cluster.gate_text, CLIENTS, SECONDS).finish()
        assert summary["engine"] == engine
        assert_figures(summary, SECONDS)
        assert summary["logins"] == CLIENTS
        assert summary["entered"] == CLIENTS
        for action in ("echo", "move", "chat", "ping"):
            counts = summary["actions"][action]
            assert counts["sent"] > 0
            if action != "move":
                assert counts["answered"] == counts["sent"]
        moves = summary["actions"]["move"]
        assert moves["answered"] + summary["moves_coalesced"] == moves["sent"]
        gate = cluster.stop("gate")
        totals = gate.wait_event("counters", type="client")
        assert int(totals.get("opened")) == CLIENTS
        assert int(totals.get("open")) == 0
    if is_blocked:
        pytest.skip(f"this system blocks io_uring: {CLIENTS} clients were well, but on epoll")


@pytest.mark.native
def test_crowd_of_more_than_one_packet_names(folder: Path) -> None:
    """Everybody is near everybody: a notice has more receivers than one frame_down_many takes."""
    crowd = FAN_OUT_MAX + 20
    configs: dict[str, dict[str, dict[str, object]]] = {
        "gate": {"server": {"workers": 1}},
        "game": {"zone": {"near_m": 4000}},
    }
    with Cluster(folder, **configs).start_ready() as cluster:
        summary = BotRun(cluster.gate_text, crowd, 2, "--rate", "1").finish()
        assert summary["entered"] == crowd
        assert summary["notices"] > crowd
