"""Limits of the ini files that hold traffic back, each with the counter that shows it."""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
from client import Chat, ChatNotice, EchoReply, EchoRequest, Move, MoveNotice, Ping
from cluster import Cluster
from common import Vec2
from fault_proxy import FaultProxy
from gate_client import Closed, GateClient
from harness import IS_WINE, Config, Server, wait_until

LINE = "x" * 190
SENDERS = 40
FILLING = 10000  # echoes of half a kilobyte: more than the system's buffers take


def gate(**sections: Mapping[str, object]) -> dict[str, Config]:
    config: Config = {"server": {"workers": 1}}
    config.update({section: dict(keys) for section, keys in sections.items()})
    return {"gate": config}


def limit_counter(server: Server, name: str, type_name: str = "client") -> int:
    """A counter of `counters_limits`; the server has been stopped."""
    return int(server.wait_event("counters_limits", type=type_name).get(name))


def rate_counter(server: Server, name: str) -> int:
    return int(server.wait_event("counters_rates", type="client").get(name))


def closed_counter(server: Server, reason: str) -> int:
    return int(server.wait_event("counter_closed", type="client", reason=reason).get("count"))


def echo_until_closed(client: GateClient, seconds: float = 20.0) -> None:
    """Ask and never read the answers, until the gate gives up."""
    deadline = time.monotonic() + seconds
    data = b"".join(EchoRequest(sequence=i, text="y" * 500).encode() for i in range(100))
    client.socket.settimeout(1.0)
    with pytest.raises((ConnectionError, TimeoutError, Closed)):
        while time.monotonic() < deadline:
            client.socket.sendall(data)
            time.sleep(0.02)
        raise TimeoutError


@pytest.mark.native
def test_full_link_to_the_game_pauses_who_feeds_it(folder: Path) -> None:
    slow: Config = {"link": {"idle_timeout_ms": 60000, "soft_timeout_ms": 60000}}
    config = gate(game={"send_bytes_soft": 16384}, **slow)
    with Cluster(folder, game=slow, **config) as cluster:
        cluster.start("db", "game")
        target = cluster["game"].address("gate")
        with FaultProxy(target, receive_size=4096, segment_size=536) as proxy, ExitStack() as stack:
            cluster.peers["gate"] = {"game": proxy.text}
            cluster.start("gate")
            cluster.wait_linked()
            players = [stack.enter_context(cluster.player()) for _ in range(SENDERS)]
            proxy.faults.is_stalled = True
            for player in players:
                player.send(*(Chat(sequence=i, text=LINE) for i in range(30)))
            time.sleep(1.0)
            for player in players:
                player.send(*(Chat(sequence=i, text=LINE) for i in range(30)))
            time.sleep(0.5)
            assert not cluster["gate"].events("link_down")
            proxy.heal()
            for player in players:
                player.echo("here again")
        gate_server = cluster.stop("gate")
        assert int(gate_server.wait_event("totals").get("held")) > 0
        assert limit_counter(gate_server, "pauses") > 0


def test_too_many_packets_before_login_end_the_session(folder: Path) -> None:
    config = gate(clients={"prelogin_packets": 10})
    with Cluster(folder, **config).start_ready() as cluster:
        with cluster.client() as client:
            client.hello()
            client.send(*(Ping(client_time_ms=i) for i in range(10)))
            client.expect_closed()
        cluster["gate"].wait_event("closed", type="client", reason="packet_budget")
        with cluster.client() as client:
            client.to_lobby()
            client.send(*(EchoRequest(sequence=i, text="after login") for i in range(50)))
            client.expect(EchoReply, sequence=49)
        assert closed_counter(cluster.stop("gate"), "packet_budget") == 1


def test_too_many_bytes_before_login_end_the_session(folder: Path) -> None:
    config = gate(clients={"prelogin_bytes": 2000})
    with Cluster(folder, **config).start_ready() as cluster, cluster.client() as client:
        client.hello()
        client.send(*(EchoRequest(sequence=i, text="x" * 500) for i in range(10)))
        client.expect_closed()
        cluster["gate"].wait_event("closed", type="client", reason="byte_budget")


def test_packets_over_the_rate_are_delayed(folder: Path) -> None:
    rate = {"packets_per_sec": 100, "packets_burst": 50, "packets_over": "delay"}
    with Cluster(folder, **gate(clients=rate)).start_ready() as cluster:
        with cluster.client() as client:
            client.hello()
            started = time.monotonic()
            client.send(*(EchoRequest(sequence=i, text="x") for i in range(150)))
            for i in range(150):
                client.expect(EchoReply, sequence=i)
            assert time.monotonic() - started > 0.7
        assert rate_counter(cluster.stop("gate"), "session_delays") > 0


def test_connections_over_the_rate_wait(folder: Path) -> None:
    clients = {"accepts_per_sec": 20, "accepts_posted": 4}
    with Cluster(folder, **gate(clients=clients)).start_ready() as cluster:
        with ExitStack() as stack:
            started = time.monotonic()
            crowd = [stack.enter_context(cluster.client()) for _ in range(40)]
            for client in crowd:
                client.hello()
            assert 0.5 < time.monotonic() - started < 5.0
        assert limit_counter(cluster.stop("gate"), "accepts_throttled") > 0


def test_who_is_above_the_soft_mark_for_too_long_is_closed(folder: Path) -> None:
    clients: dict[str, object] = {
        "send_bytes_max": 1073741824,
        "send_bytes_soft": 65536,
        "soft_timeout_ms": 500,
        "prelogin_packets": "unlimited",
        "prelogin_bytes": "unlimited",
    }
    with Cluster(folder, **gate(clients=clients)).start_ready() as cluster:
        with cluster.client() as client:
            client.hello()
            echo_until_closed(client)
        gate_server = cluster.stop("gate")
        assert closed_counter(gate_server, "slow_consumer") == 1
        assert limit_counter(gate_server, "soft_timeouts") == 1
        assert limit_counter(gate_server, "hard_marks") == 0


def walk(client: GateClient, steps: range) -> None:
    """A move in each tick, all to different places."""
    for sequence in steps:
        client.send(Move(sequence=sequence, position=Vec2(x=1000.0 + sequence, y=1000.0)))
        time.sleep(0.03)


def test_who_reads_slowly_gets_the_newest_place_of_each_and_every_chat(folder: Path) -> None:
    clients: dict[str, object] = {
        "send_bytes_max": 1073741824,
        "send_bytes_soft": 16384,
        "soft_timeout_ms": 60000,
    }
    with Cluster(folder, **gate(clients=clients)).start_ready() as cluster:
        with cluster.player() as slow:
            slow.send(*(EchoRequest(sequence=i, text="y" * 500) for i in range(FILLING)))
            walk(slow, range(1, 41))  # its own answers: to one
            with cluster.player() as mover:
                walk(mover, range(1, 61))  # to all that are near
                mover.send(*(Chat(sequence=i, text=LINE) for i in range(10)))
                mover.find(ChatNotice, sequence=9)
                mover.find(MoveNotice, entity_id=mover.entity_id, sequence=60)
                for i in range(FILLING):
                    slow.find(EchoReply, sequence=i)
                for who, newest in ((slow, 40), (mover, 60)):
                    slow.find(MoveNotice, entity_id=who.entity_id, sequence=newest)
                for i in range(10):
                    slow.find(ChatNotice, entity_id=mover.entity_id, sequence=i)
                assert not [packet for packet in slow.heard if isinstance(packet, MoveNotice)]
        assert limit_counter(cluster.stop("gate"), "replaced") >= 60


def test_send_memory_of_a_worker_is_bounded(folder: Path) -> None:
    clients: dict[str, object] = {
        "send_bytes_max": 1073741824,
        "prelogin_packets": "unlimited",
        "prelogin_bytes": "unlimited",
    }
    config = gate(server={"workers": 1, "send_memory_mib": 1}, clients=clients)
    with Cluster(folder, **config).start_ready() as cluster:
        with cluster.client() as client, cluster.client() as bystander:
            client.hello()
            bystander.hello()
            echo_until_closed(client)
            bystander.echo("not my fault")
        assert closed_counter(cluster.stop("gate"), "send_budget") == 1


def test_refusals_do_not_fill_the_log(folder: Path) -> None:
    count = 20 if IS_WINE else 200
    config = gate(log={"warnings_per_sec": 10})
    with Cluster(folder, **config).start_ready() as cluster:
        for _ in range(count):
            with socket.create_connection(cluster.gate_address) as raw:
                raw.sendall(b"\x00\x00\x00\x00")
        before = cluster["gate"]
        wait_until(lambda: len(before.events("accepted", type="client")) >= count, "all accepted")
        server = cluster.stop("gate")
        refused = server.wait_event("counter_refused", type="client", reason="refused_short")
        assert int(refused.get("count")) == count
        assert len(server.events("refused")) < count
        told = server.events("log_suppressed")
        lines = len(server.events("refused")) + len(
            server.events("closed", type="client", reason="violation")
        )
        assert lines + sum(int(event.get("lines")) for event in told) == 2 * count
