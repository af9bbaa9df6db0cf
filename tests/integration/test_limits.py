"""What one client may not do: too much, too long, too often."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from client import (
    Chat,
    ChatNotice,
    EchoRequest,
    HelloReply,
    LoginReply,
    LoginRequest,
    Move,
    MoveNotice,
    Ping,
)
from cluster import Cluster
from common import Result, Vec2
from gate_client import PASSWORD, Closed, GateClient, unique_name
from harness import Config, wait_until


def gate(**clients: object) -> dict[str, Config]:
    return {"gate": {"clients": clients, "server": {"workers": 1}}}


def test_too_many_pings_are_a_violation(shared: Cluster) -> None:
    before = len(shared["gate"].events("refused", reason="refused_rate"))
    with shared.client() as client:
        client.hello()
        client.send(*(Ping(client_time_ms=i) for i in range(200)))
        client.expect_closed()
    event = shared["gate"].wait_event("refused", count=before + 1, reason="refused_rate")
    assert event.get("id") == f"0x{Ping.ID:04x}"


def test_too_many_logins_are_a_violation(shared: Cluster) -> None:
    with shared.client() as client:
        client.hello()
        assert client.register() == Result.OK
        tries = 0
        try:
            while tries < 20:
                client.send(LoginRequest(name=client.name, password="not the password"))
                reply = client.receive()
                assert isinstance(reply, LoginReply)
                assert reply.result == Result.WRONG_CREDENTIALS
                tries += 1
        except Closed:
            pass
        assert 4 <= tries < 12


def test_too_many_moves_are_dropped(shared: Cluster) -> None:
    with shared.player() as client:
        places = [Vec2(x=500.0 + i * 0.01, y=500.0) for i in range(400)]
        client.send(*(Move(sequence=i, position=place) for i, place in enumerate(places)))
        client.echo("still welcome")
        moved = [packet for packet in client.heard if isinstance(packet, MoveNotice)]
        time.sleep(0.3)
        client.send(Move(sequence=1000, position=places[0]))
        last = client.expect(MoveNotice, sequence=1000)
        assert last.position == places[0]
        assert all(packet.sequence < 200 for packet in moved)


def test_too_many_chats_are_dropped_and_the_rest_keeps_its_order(shared: Cluster) -> None:
    with shared.player() as client:
        client.send(*(Chat(sequence=i, text=f"line {i}") for i in range(60)))
        client.echo("still welcome")
        client.expect_nothing_of(Ping, during=0.3)
        heard = [packet.sequence for packet in client.heard if isinstance(packet, ChatNotice)]
        assert 15 <= len(heard) <= 30
        assert heard == sorted(set(heard))


def test_all_packets_together_have_a_rate(folder: Path) -> None:
    with Cluster(folder, **gate(packets_per_sec=10, packets_burst=20)).start_ready() as cluster:
        with cluster.client() as client:
            client.hello()
            client.send(*(EchoRequest(sequence=i, text="x") for i in range(100)))
            client.expect_closed()
        cluster["gate"].wait_event("closed", type="client", reason="violation")


def test_silence_before_login_ends_at_the_deadline(folder: Path) -> None:
    with Cluster(folder, **gate(login_timeout_ms=500)).start_ready() as cluster:
        started = time.monotonic()
        with cluster.client() as silent, cluster.client() as greeted:
            greeted.hello()
            silent.expect_closed(timeout=5)
            greeted.expect_closed(timeout=5)
        assert 0.4 < time.monotonic() - started < 4
        cluster["gate"].wait_event("closed", count=2, type="client", reason="deadline")


def test_who_has_logged_in_has_no_deadline(folder: Path) -> None:
    with Cluster(folder, **gate(login_timeout_ms=700)).start_ready() as cluster:
        with cluster.client() as client:
            client.to_lobby()
            time.sleep(1.2)
            client.echo("still welcome")


def test_idle_client_is_closed_and_a_pinging_one_is_not(folder: Path) -> None:
    with Cluster(folder, **gate(idle_timeout_ms=900)).start_ready() as cluster:
        with cluster.client() as idle, cluster.client() as pinging:
            heartbeat_ms = pinging.hello().heartbeat_ms
            assert 0 < heartbeat_ms < 900
            pinging.register()
            pinging.login()
            idle.hello()
            deadline = time.monotonic() + 2
            while time.monotonic() < deadline:
                pinging.send(Ping(client_time_ms=1))
                time.sleep(heartbeat_ms / 1000)
            idle.expect_closed(timeout=1)
            pinging.echo("still welcome")
        cluster["gate"].wait_event("closed", type="client", reason="idle")


def test_sessions_have_a_maximum_and_a_place_becomes_free(folder: Path) -> None:
    with Cluster(folder, **gate(sessions_start=2, sessions_max=4)).start_ready() as cluster:
        clients = [cluster.client() for _ in range(4)]
        for client in clients:
            client.hello()
        assert not is_welcome(cluster)
        clients[0].close()
        wait_until(lambda: is_welcome(cluster), "the place of the client that has gone")
        for client in clients[1:]:
            client.echo("still welcome")
            client.close()


def is_welcome(cluster: Cluster) -> bool:
    """Does the gate take one more client? A listener at its maximum leaves it in the backlog."""
    try:
        with cluster.client() as client:
            client.say_hello()
            client.expect(HelloReply, timeout=1.0)
    except (AssertionError, ConnectionError):
        return False
    return True


def test_one_address_has_a_maximum(folder: Path) -> None:
    with Cluster(folder, **gate(per_address_max=3)).start_ready() as cluster:
        clients = [cluster.client() for _ in range(3)]
        for client in clients:
            client.hello()
        assert not is_welcome(cluster)
        cluster["gate"].wait_event("address_limit", type="client")
        clients[0].close()
        wait_until(lambda: is_welcome(cluster), "the place of the client that has gone")
        for client in clients[1:]:
            client.close()
        gate_process = cluster.stop("gate")
        counted = gate_process.wait_event("counters_limits", type="client")
        assert int(counted.get("addresses_refused")) >= 1


def test_too_many_wrong_passwords_end_the_session(folder: Path) -> None:
    with Cluster(folder, **gate(login_failures_max=3)).start_ready() as cluster:
        with cluster.client() as client:
            client.hello()
            assert client.register() == Result.OK
            for _ in range(3):
                assert client.login(password="wrong" + PASSWORD).result == Result.WRONG_CREDENTIALS
            client.expect_closed()


def test_client_that_waits_as_asked_is_not_kicked(folder: Path) -> None:
    """The least pause that can be asked for; nobody is there to answer."""
    with Cluster(folder, **gate(retry_after_ms=500)) as cluster:
        cluster.start("gate")
        with cluster.client() as client:
            client.hello()
            for _ in range(8):
                reply = client.login(name="somebody")
                assert (reply.result, reply.retry_after_ms) == (Result.UNAVAILABLE, 500)
                time.sleep(reply.retry_after_ms / 1000)


def test_wrong_passwords_make_an_address_busy_whoever_asks(folder: Path) -> None:
    limits = gate(address_failures_max=3, address_pause_ms=2000)
    with Cluster(folder, **limits).start_ready() as cluster:
        with cluster.client() as client:
            client.hello()
            assert client.register() == Result.OK
            owner = client.name
        for number in range(3):
            with cluster.client() as client:
                client.hello()
                reply = client.login(f"guessed-{number}", "not the password")
                assert reply.result == Result.WRONG_CREDENTIALS
        with cluster.client() as client:
            client.hello()
            reply = client.login(owner)
            assert reply.result == Result.BUSY
            assert 0 < reply.retry_after_ms <= 2000
            time.sleep(reply.retry_after_ms / 1000)
            assert client.login(owner).result == Result.OK
        said = cluster["gate"].wait_event("login_limited", {"name": owner})
        assert said.get("address").startswith("127.0.0.1:")


@pytest.mark.native
def test_one_address_does_not_fill_the_hash_queue(folder: Path) -> None:
    """Many of one address ask at once. Somebody from elsewhere is served all the same."""
    slow: Config = {"password": {"memory_kib": 65536, "threads": 1, "queue": 8}}
    limits = gate(address_waiting_max=4)
    with Cluster(folder, db=slow, **limits).start_ready() as cluster, ExitStack() as stack:
        address = cluster.gate_address
        crowd = [stack.enter_context(cluster.client()) for _ in range(20)]
        honest = stack.enter_context(GateClient(address, "127.0.0.2"))
        for client in (*crowd, honest):
            client.hello()
        assert honest.register() == Result.OK
        for client in crowd:
            client.send(LoginRequest(name=unique_name(), password="not the password"))
        assert honest.login().result == Result.OK
        results = [client.expect(LoginReply).result for client in crowd]
        assert set(results) == {Result.WRONG_CREDENTIALS, Result.BUSY}
        assert crowd[0].login(honest.name).result == Result.OK  # and nobody is kept out


def test_client_that_does_not_read_is_closed(folder: Path) -> None:
    clients = {"prelogin_packets": "unlimited", "prelogin_bytes": "unlimited"}
    with Cluster(folder, **gate(send_bytes_max=65536, **clients)).start_ready() as cluster:
        with cluster.client() as client:
            client.hello()
            client.socket.settimeout(10)
            with pytest.raises(OSError, match=""):
                for i in range(40):
                    client.send(*(EchoRequest(sequence=i, text="x" * 512) for _ in range(1000)))
        cluster["gate"].wait_event("closed", type="client", reason="slow_consumer")
