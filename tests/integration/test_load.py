"""Many clients at once, by the C test client."""

from __future__ import annotations

from pathlib import Path

import pytest
from bot_runs import BotRun, bots_story
from cluster import Cluster
from harness import IS_WINE
from relay import FAN_OUT_MAX

CLIENTS = 50 if IS_WINE else 1000
SECONDS = 10


def raise_descriptor_limit() -> None:
    """Two sockets per client, in the gate and in the bots; children inherit the limit."""
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * CLIENTS + 200
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.fail(f"RLIMIT_NOFILE allows {hard} descriptors, {wanted} are needed: ulimit -n")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


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


def test_many_clients_at_once(folder: Path) -> None:
    raise_descriptor_limit()
    limits: dict[str, dict[str, dict[str, object]]] = {
        "gate": {"clients": {"sessions_max": CLIENTS + 10, "per_address_max": CLIENTS + 10}},
    }
    with Cluster(folder, **limits).start_ready() as cluster:
        summary = BotRun(cluster.gate_text, CLIENTS, SECONDS).finish()
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
