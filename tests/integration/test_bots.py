"""The test client notices what a gate does wrong, and says what it expected and what came."""

from __future__ import annotations

import socket
from dataclasses import dataclass

import pytest
from bot_runs import bots_story
from client import (
    COMPAT_HASH,
    VERSION,
    Chat,
    EchoReply,
    EchoRequest,
    EnterWorld,
    Goodbye,
    Hello,
    LeaveNotice,
    LeftWorld,
    LoginReply,
    LoginRequest,
    Logout,
    Move,
    Ping,
    Refusal,
    RegisterReply,
    RegisterRequest,
    ServerStatus,
)
from common import LeaveReason, Result, Role, Vec2
from fake_gate import (
    ENTITY,
    FakeGate,
    Habits,
    altered,
    followed_by,
    hang_up,
    on,
    silence,
    swap_pairs,
    twice,
)
from harness import run


@dataclass(frozen=True)
class Wrong:
    """A gate's fault and what the client must say of it."""

    name: str
    habits: Habits
    says: str


def refused(result: Result) -> list[object]:
    return [Refusal(packet_id=EnterWorld.ID, result=result, retry_after_ms=10)]


IN_FULL = [
    Wrong("hello refused", on(Hello, altered(result=Result.VERSION_MISMATCH, compat_hash=0xBEEF)),
          f"hash {COMPAT_HASH:016x}, the gate {VERSION} with 000000000000beef"),
    Wrong("other hash", on(Hello, altered(compat_hash=1)), "at step hello: expected version"),
    Wrong("hello twice", on(Hello, twice), "expected no hello_reply here"),
    Wrong("register refused", on(RegisterRequest, altered(result=Result.NAME_TAKEN)), "name_taken"),
    Wrong("register fails", on(RegisterRequest, altered(result=Result.INTERNAL)), "internal"),
    Wrong("login refused", on(LoginRequest, altered(result=Result.WRONG_CREDENTIALS)), "wrong_"),
    Wrong("login as nobody", on(LoginRequest, altered(account_id=0)), "expected an account"),
    Wrong("login instead of register", on(RegisterRequest, lambda _: [
        LoginReply(result=Result.OK, account_id=1, retry_after_ms=0)
    ]), "expected no login_reply here"),
    Wrong("echo of other text", on(EchoRequest, altered(text="hello?")), "the echo 'Hello"),
    Wrong("echo of other number", on(EchoRequest, altered(sequence=9)), "got echo 9"),
    Wrong("echo twice", on(EchoRequest, twice), "got echo 1"),
    Wrong("echo never asked for", on(LoginRequest, followed_by(
        EchoReply(sequence=1, text="Hello from TestClient")
    )), "expected echo"),
    Wrong("enter refused", on(EnterWorld, altered(result=Result.ZONE_FULL)), "zone_full"),
    Wrong("enter as nobody", on(EnterWorld, altered(entity_id=0)), "expected an entity"),
    Wrong("move elsewhere", on(Move, altered(position=Vec2(x=1.0, y=2.0))), "lead to"),
    Wrong("move of the future", on(Move, altered(sequence=3)), "move 3"),
    Wrong("chat under another name", on(Chat, altered(name="mallory")), "got mallory saying"),
    Wrong("chat with other text", on(Chat, altered(text="bye")), "saying 'bye'"),
    Wrong("chat twice", on(Chat, twice), "got chat 1"),
    Wrong("pong of another ping", on(Ping, altered(client_time_ms=1)), "our oldest ping"),
    Wrong("own leave", on(Chat, followed_by(LeaveNotice(entity_id=ENTITY))), "got our own"),
    Wrong("put out", on(Move, followed_by(LeftWorld(reason=LeaveReason.SHUTDOWN))), "left it: sh"),
    Wrong("server lost", on(Move, followed_by(
        ServerStatus(server=Role.DB, up=False, reason=Result.UNAVAILABLE)
    )), "got db down: unavailable"),
    Wrong("move refused", on(Move, lambda _: [
        Refusal(packet_id=Move.ID, result=Result.UNAVAILABLE, retry_after_ms=1)
    ]), "0x0181 to be served"),
    Wrong("goodbye too early", on(EchoRequest, followed_by(Goodbye())), "expected no goodbye"),
    Wrong("no goodbye", on(Logout, hang_up), "at step logout: expected the connection"),
    Wrong("hang-up", on(EchoRequest, hang_up), "at step echo: expected the connection"),
]

SILENT = [Hello, RegisterRequest, LoginRequest, EchoRequest, EnterWorld, Move, Chat, Ping]

IN_LOAD = [
    Wrong("echoes out of order", swap_pairs(EchoRequest), "got echo"),
    Wrong("chats out of order", swap_pairs(Chat), "got chat"),
    Wrong("moves out of order", swap_pairs(Move), "got move"),
    Wrong("lost echo", on(EchoRequest, silence, nth=3), "expected echo"),
    Wrong("lost chat", on(Chat, silence), "expected chat"),
    Wrong("other text in the middle", on(EchoRequest, altered(text="x"), nth=9), "the echo"),
    Wrong("hang-up in play", on(EchoRequest, hang_up, nth=9), "at step play: expected the conn"),
]


def test_good_gate_satisfies() -> None:
    with FakeGate(Habits()) as gate:
        ended = bots_story(gate.address)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        assert "logged out, goodbye" in ended.stdout


def test_log_has_a_line_for_every_event() -> None:
    with FakeGate(Habits()) as gate:
        ended = bots_story(gate.address, "--log")
    lines = [line.split(": ", 1)[1] for line in ended.stderr.splitlines()]
    assert lines[0] == "connected", ended.stderr
    assert lines[-1].startswith("closed peer"), ended.stderr
    listener = socket.create_server(("127.0.0.1", 0))
    nobody = listener.getsockname()[1]
    listener.close()
    ended = bots_story(f"127.0.0.1:{nobody}", "--log")
    assert ": connect_failed " in ended.stderr


@pytest.mark.parametrize("wrong", IN_FULL, ids=[wrong.name for wrong in IN_FULL])
def test_fault_in_a_full_session_is_said(wrong: Wrong) -> None:
    with FakeGate(wrong.habits) as gate:
        ended = bots_story(gate.address, "--timeout", "3000")
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert wrong.says in ended.stderr


@pytest.mark.parametrize("packet", SILENT, ids=[packet.__name__ for packet in SILENT])
def test_silence_is_said_by_step(packet: type[object]) -> None:
    with FakeGate(on(packet, silence)) as gate:
        ended = bots_story(gate.address, "--timeout", "200")
    assert ended.returncode == 1
    assert "expected an answer within 200 ms, got none" in ended.stderr


def test_connection_that_stays_open_after_goodbye_is_said() -> None:
    class Clinging(FakeGate):
        def _converse(self, connection: object) -> None:
            try:
                super()._converse(connection)  # type: ignore[arg-type]
            finally:
                connection.recv(1)  # type: ignore[attr-defined]

    with Clinging(Habits()) as gate:
        ended = bots_story(gate.address, "--timeout", "300")
    assert ended.returncode == 1
    assert "at step closing" in ended.stderr


@pytest.mark.parametrize("wrong", IN_LOAD, ids=[wrong.name for wrong in IN_LOAD])
def test_fault_in_load_is_said(wrong: Wrong) -> None:
    with FakeGate(wrong.habits) as gate:
        ended = run(
            "bots", "--gate", gate.address, "--clients", "1", "--seconds", "2",
            "--rate", "100", "--timeout", "1000",
        )
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert wrong.says in ended.stderr
    assert "errors:" in ended.stdout


def test_busy_is_tried_again_as_long_as_patience_lasts() -> None:
    busy = on(LoginRequest, altered(result=Result.BUSY, account_id=0, retry_after_ms=20))
    with FakeGate(busy) as gate:
        ended = bots_story(gate.address)
    assert ended.returncode == 0, ended.stderr
    assert "login has to wait" in ended.stdout

    always = Habits(
        lambda packet, answers: [RegisterReply(result=Result.BUSY)]
        if isinstance(packet, RegisterRequest)
        else answers
    )
    with FakeGate(always) as gate:
        ended = bots_story(gate.address, "--patience", "1000")
    assert ended.returncode == 1
    assert "expected ok within 1000 ms, got busy" in ended.stderr


def test_unavailable_world_is_entered_later() -> None:
    once = on(EnterWorld, lambda _: refused(Result.UNAVAILABLE))
    with FakeGate(once) as gate:
        ended = bots_story(gate.address)
    assert ended.returncode == 0, ended.stderr
    assert "enter has to wait" in ended.stdout


def test_enter_reply_after_the_refusal_is_not_expected() -> None:
    both = on(
        EnterWorld,
        lambda answers: [*refused(Result.UNAVAILABLE), *answers],
    )
    with FakeGate(both) as gate:
        ended = bots_story(gate.address)
    assert ended.returncode == 1
    assert "expected no enter_reply here" in ended.stderr
