"""The path of a player: register, log in, echo, enter, move, chat, leave."""

from __future__ import annotations

import client as protocol
import pytest
from client import (
    Chat,
    ChatNotice,
    EchoReply,
    EchoRequest,
    HelloReply,
    LeaveNotice,
    LeftWorld,
    Logout,
    Move,
    MoveNotice,
    Ping,
    Pong,
)
from cluster import Cluster
from common import LeaveReason, Result, Vec2
from gate_client import GateClient, unique_name

CENTER = Vec2(x=1000.0, y=1000.0)
NEAR = Vec2(x=1010.0, y=1000.0)
FAR = Vec2(x=1500.0, y=1500.0)


def go(client: GateClient, place: Vec2, sequence: int = 1) -> MoveNotice:
    client.send(Move(sequence=sequence, position=place))
    return client.expect(MoveNotice, entity_id=client.entity_id, sequence=sequence)


def test_whole_story(shared: Cluster) -> None:
    with shared.client() as client:
        hello = client.hello()
        assert hello.heartbeat_ms > 0
        assert client.register() == Result.OK
        login = client.login()
        assert login.result == Result.OK
        assert login.account_id > 0
        client.echo("Hello from TestClient")
        entered = client.enter()
        assert entered.result == Result.OK
        place = Vec2(x=entered.position.x + 1.0, y=entered.position.y)
        assert go(client, place).position == place
        client.send(Chat(sequence=1, text="안녕하세요"))
        notice = client.expect(ChatNotice, entity_id=client.entity_id)
        assert (notice.name, notice.text, notice.sequence) == (client.name, "안녕하세요", 1)
        client.send(Ping(client_time_ms=12345))
        assert client.expect(Pong).client_time_ms == 12345
        client.logout()


def test_client_of_another_schema_is_served_and_said_so(shared: Cluster) -> None:
    wanted = {
        "version": protocol.VERSION,
        "hash": f"0x{protocol.COMPAT_HASH:04x}",
        "schema_hash": "0x5ca1ab1e",
        "own_schema_hash": f"0x{protocol.SCHEMA_HASH:04x}",
    }
    with shared.client() as client:
        client.say_hello(schema_hash=0x5CA1AB1E)
        reply = client.expect(HelloReply, result=Result.OK)
        assert reply.schema_hash == protocol.SCHEMA_HASH
        client.echo("all the same")
        shared["gate"].wait_event("schema_differs", wanted)
        client.logout()
    with shared.client() as same:
        same.hello()
        same.logout()
    assert len(shared["gate"].events("schema_differs")) == 1


@pytest.mark.parametrize(
    ("version", "compat_hash"),
    [(protocol.VERSION, 0x5CA1AB1E), (protocol.VERSION + 1, protocol.COMPAT_HASH)],
    ids=["hash", "version"],
)
def test_client_of_another_version_is_told_why(
    shared: Cluster, version: int, compat_hash: int
) -> None:
    wanted = {
        "protocol": protocol.NAME,
        "version": version,
        "hash": f"0x{compat_hash:04x}",
        "own_version": protocol.VERSION,
        "own_hash": f"0x{protocol.COMPAT_HASH:04x}",
    }
    with shared.client() as client:
        client.say_hello(version=version, compat_hash=compat_hash)
        reply = client.expect(HelloReply, result=Result.VERSION_MISMATCH)
        assert (reply.version, reply.compat_hash) == (protocol.VERSION, protocol.COMPAT_HASH)
        client.expect_closed()
    shared["gate"].wait_event("hello_refused", wanted)


def test_name_taken_is_said(shared: Cluster) -> None:
    with shared.client() as first, shared.client() as second:
        first.hello()
        second.hello()
        assert first.register() == Result.OK
        assert second.register(first.name) == Result.NAME_TAKEN
        assert second.register(first.name.upper()) == Result.NAME_TAKEN


@pytest.mark.parametrize("name", ["", "a b", "drop;table", "-", "ends\nhere"])
def test_name_invalid_is_said(shared: Cluster, name: str) -> None:
    with shared.client() as client:
        client.hello()
        assert client.register(name) == Result.NAME_INVALID


def test_password_too_short_is_said(shared: Cluster) -> None:
    with shared.client() as client:
        client.hello()
        assert client.register(unique_name(), "short") == Result.PASSWORD_INVALID


def test_wrong_password_and_unknown_name_get_the_same_answer(shared: Cluster) -> None:
    with shared.client() as client:
        client.hello()
        assert client.register() == Result.OK
        assert client.login(password="not the password").result == Result.WRONG_CREDENTIALS
        assert client.login(unique_name("nobody")).result == Result.WRONG_CREDENTIALS
        assert client.login().result == Result.OK


def test_account_outlives_the_connection(shared: Cluster) -> None:
    with shared.client() as client:
        client.to_lobby()
        name, account_id = client.name, client.account_id
    with shared.client() as client:
        client.hello()
        login = client.login(name)
        assert (login.result, login.account_id) == (Result.OK, account_id)


def test_character_comes_back_where_it_was(shared: Cluster) -> None:
    with shared.client() as client:
        client.to_world()
        go(client, CENTER)
        name = client.name
        client.logout()
    with shared.client() as client:
        client.hello()
        assert client.login(name).result == Result.OK
        assert client.enter().position == CENTER


def test_echoes_keep_their_order(shared: Cluster) -> None:
    with shared.client() as client:
        client.hello()
        client.send(*(EchoRequest(sequence=i, text=f"echo {i}") for i in range(500)))
        for i in range(500):
            reply = client.receive()
            assert reply == EchoReply(sequence=i, text=f"echo {i}")


def test_empty_and_longest_echo_come_back(shared: Cluster) -> None:
    with shared.client() as client:
        client.hello()
        client.echo("")
        client.echo("x" * 512, 2)
        client.echo("é" * 256, 3)


def test_near_hear_each_other_and_far_hears_nothing(shared: Cluster) -> None:
    with shared.player() as speaker, shared.player() as listener, shared.player() as stranger:
        go(speaker, CENTER)
        go(listener, NEAR)
        go(stranger, FAR)
        speaker.send(Move(sequence=2, position=Vec2(x=1001.0, y=1000.0)))
        moved = listener.expect(MoveNotice, entity_id=speaker.entity_id, sequence=2)
        assert moved.position == Vec2(x=1001.0, y=1000.0)
        speaker.send(*(Chat(sequence=i, text=f"line {i}") for i in range(5)))
        for i in range(5):
            own = speaker.expect(ChatNotice)
            heard = listener.expect(ChatNotice)
            assert own == heard
            assert (heard.sequence, heard.text, heard.name) == (i, f"line {i}", speaker.name)
        stranger.expect_nothing_of(ChatNotice, during=0.3)
        assert not any(isinstance(packet, ChatNotice) for packet in stranger.heard)


def test_who_leaves_is_missed_by_those_near(shared: Cluster) -> None:
    with shared.player() as leaver, shared.player() as witness:
        go(leaver, CENTER)
        go(witness, NEAR)
        leaver.send(Logout())
        witness.expect(LeaveNotice, entity_id=leaver.entity_id)


def test_broken_connection_is_missed_by_those_near(shared: Cluster) -> None:
    with shared.player() as leaver, shared.player() as witness:
        go(leaver, CENTER)
        go(witness, NEAR)
        leaver.reset()
        witness.expect(LeaveNotice, entity_id=leaver.entity_id)


def test_teleport_beyond_the_zone_is_refused(shared: Cluster) -> None:
    with shared.player() as client:
        go(client, CENTER)
        notice = go(client, Vec2(x=-5.0, y=1000.0), 2)
        assert notice.position == CENTER


def test_second_session_of_an_account_replaces_the_first(shared: Cluster) -> None:
    with shared.player() as first, shared.client() as second:
        second.hello()
        assert second.login(first.name).result == Result.OK
        assert second.enter().result == Result.OK
        first.expect(LeftWorld, reason=LeaveReason.REPLACED)
