"""The world behind the gate: entering, replacing, moving, saving.

And what game and gate do when the other side of their link breaks the rules.
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import client as protocol
import link
import pytest
import relay
from client import (
    Chat,
    ChatNotice,
    EnterReply,
    EnterWorld,
    LeaveNotice,
    LeftWorld,
    Move,
    MoveNotice,
    Refusal,
    ServerStatus,
)
from cluster import Cluster
from common import LeaveReason, Result, Role, Vec2
from gate_client import GateClient
from harness import wait_until
from link_peer import LinkPeer, Side, prove, read_key

CENTER = Vec2(x=1000.0, y=1000.0)
NEAR = Vec2(x=1010.0, y=1000.0)


def go(client: GateClient, place: Vec2, sequence: int = 1) -> MoveNotice:
    client.send(Move(sequence=sequence, position=place))
    return client.expect(MoveNotice, entity_id=client.entity_id, sequence=sequence)


def log_in(cluster: Cluster, name: str) -> GateClient:
    client = cluster.client()
    client.hello()
    client.name = name
    assert client.login().result == Result.OK
    return client


# ---- through the gate ----


def test_of_many_sessions_of_one_account_one_stays(shared: Cluster) -> None:
    with shared.client() as first:
        first.to_lobby()
        clients = [first, *(log_in(shared, first.name) for _ in range(15))]
        for client in clients:
            client.send(EnterWorld())
        stayed = []
        for client in clients:
            heard = first_news_of_the_world(client)
            if isinstance(heard, EnterReply):
                assert heard.result == Result.OK
                client.entity_id = heard.entity_id
        time.sleep(0.3)
        for client in clients:
            client.echo("still connected")
            left = [packet for packet in client.heard if isinstance(packet, LeftWorld)]
            assert len(left) <= 1
            assert all(packet.reason == LeaveReason.REPLACED for packet in left)
            if not left:
                stayed.append(client)
        assert len(stayed) == 1
        go(stayed[0], CENTER)
        for client in clients:
            client.close()


def first_news_of_the_world(client: GateClient) -> Any:
    """What answers enter_world: in the world, or put out before it came to that."""
    packet = client.receive()
    assert isinstance(packet, EnterReply | LeftWorld), packet
    client.heard.append(packet)
    return packet


def test_replaced_player_is_refused_politely_and_may_come_back(shared: Cluster) -> None:
    with shared.player() as first:
        place = go(first, CENTER).position
        with log_in(shared, first.name) as second:
            assert second.enter().position == place
            # Sent as if the news of being replaced had not arrived yet.
            first.send(Move(sequence=2, position=CENTER), Chat(sequence=1, text="am I alone?"))
            first.expect(LeftWorld, reason=LeaveReason.REPLACED)
            first.expect(Refusal, packet_id=Move.ID, result=Result.UNAVAILABLE)
            first.expect(Refusal, packet_id=Chat.ID, result=Result.UNAVAILABLE)
            assert first.enter().result == Result.OK
            second.expect(LeftWorld, reason=LeaveReason.REPLACED)


def test_moves_of_one_tick_give_one_notice_with_the_newest(folder: Path) -> None:
    with Cluster(folder, game={"zone": {"tick_ms": 500}}).start_ready() as cluster:
        with cluster.player() as player:
            go(player, CENTER)  # the next tick is a whole one away
            places = [Vec2(x=1000.0 + i, y=1000.0) for i in range(10)]
            player.send(*(Move(sequence=10 + i, position=p) for i, p in enumerate(places)))
            notice = player.expect(MoveNotice, entity_id=player.entity_id)
            assert (notice.sequence, notice.position) == (19, places[9])
            assert not player.heard
            player.expect_nothing_of(MoveNotice, during=1.0)


def test_too_fast_move_is_told_to_the_mover_alone(folder: Path) -> None:
    slow: dict[str, dict[str, object]] = {"zone": {"speed_max": 10, "near_m": 4000}}
    with Cluster(folder, game=slow).start_ready() as cluster:
        with cluster.player() as mover, cluster.player() as witness:
            start = go(mover, Vec2(x=500.0, y=500.0)).position  # too far: where it was is said
            assert start != Vec2(x=500.0, y=500.0)
            step = Vec2(x=start.x, y=start.y + 5.0)
            assert go(mover, step, 2).position == step
            seen = witness.expect(MoveNotice, entity_id=mover.entity_id)
            assert (seen.sequence, seen.position) == (2, step)


def test_zone_full_is_said_and_a_place_becomes_free(folder: Path) -> None:
    with Cluster(folder, game={"zone": {"players_max": 2}}).start_ready() as cluster:
        with cluster.player() as first, cluster.player() as second, cluster.client() as third:
            third.to_lobby()
            assert third.enter().result == Result.ZONE_FULL
            third.expect_nothing_of(LeftWorld, during=0.2)
            first.logout()
            wait_until(lambda: enters(third), "a free place")
            second.echo("still there")


def enters(client: GateClient) -> bool:
    time.sleep(0.6)  # two enter_world per second are allowed
    return client.enter().result == Result.OK


def test_game_that_stops_saves_everybody_at_once(folder: Path) -> None:
    with Cluster(folder, game={"save": {"interval_ms": 3600000}}).start_ready() as cluster:
        with cluster.player() as player:
            go(player, CENTER)
            cluster.stop("game")
            player.find(LeftWorld, reason=LeaveReason.SHUTDOWN)
            player.find(ServerStatus, server=Role.GAME, up=False)
            cluster.start("game")
            cluster["game"].wait_event("link_up", role="db")
            player.find(ServerStatus, server=Role.GAME, up=True)
            assert player.enter().position == CENTER


def test_who_left_while_the_db_was_away_is_saved_when_it_is_back(folder: Path) -> None:
    with Cluster(folder, game={"save": {"interval_ms": 3600000}}).start_ready() as cluster:
        with cluster.player() as player:
            cluster.kill("db")
            player.find(ServerStatus, server=Role.DB, up=False)
            go(player, CENTER)
            name = player.name
            player.logout()
        cluster["game"].wait_event("left")
        cluster.start("db")
        cluster["game"].wait_event("link_up", count=2, role="db")
        cluster["gate"].wait_event("link_up", count=4, role="db")
        cluster.stop("game")
        cluster.start("game")
        cluster["game"].wait_event("link_up", role="db")
        cluster["gate"].wait_event("link_up", count=4, role="game")
        with log_in(cluster, name) as player:
            assert player.enter().position == CENTER


def test_entering_without_db_is_refused_and_tried_again(folder: Path) -> None:
    with Cluster(folder).start_ready() as cluster, cluster.client() as client:
        client.to_lobby()
        cluster.kill("db")
        client.find(ServerStatus, server=Role.DB, up=False)
        assert client.enter().result == Result.UNAVAILABLE
        client.expect_nothing_of(LeftWorld, during=0.2)
        cluster.start("db")
        cluster["game"].wait_event("link_up", count=2, role="db")
        assert client.enter().result == Result.OK


def test_second_session_takes_over_without_the_db(folder: Path) -> None:
    """The character has nothing unsaved that would keep it in the game."""
    with Cluster(folder).start_ready() as cluster, cluster.client() as first:
        place = first.to_world().position
        with log_in(cluster, first.name) as second:
            cluster.kill("db")
            second.find(ServerStatus, server=Role.DB, up=False)
            cluster["game"].wait_event("link_down", role="db")
            reply = second.enter()
            assert (reply.result, reply.position) == (Result.OK, place)
            first.expect(LeftWorld, reason=LeaveReason.REPLACED)
            reply = first.enter()
            assert (reply.result, reply.position) == (Result.OK, place)
            second.expect(LeftWorld, reason=LeaveReason.REPLACED)
        cluster.start("db")
        cluster["game"].wait_event("link_up", count=2, role="db")


def test_entering_anew_gives_no_new_metres(folder: Path) -> None:
    """60 metres may be run at once, then one metre per second."""
    slow: dict[str, dict[str, object]] = {"zone": {"speed_max": 1, "move_slack_ms": 60000}}
    with Cluster(folder, game=slow).start_ready() as cluster, cluster.player() as first:
        start = go(first, Vec2(x=-1.0, y=-1.0)).position  # outside: where it stands is said
        away = 55.0 if start.x < 1000.0 else -55.0
        place = Vec2(x=start.x + away, y=start.y)
        assert go(first, place, 2).position.x == pytest.approx(place.x)
        with log_in(cluster, first.name) as second:
            reply = second.enter()
            assert reply.position.x == pytest.approx(place.x)
            assert go(second, start).position == reply.position


BAD_TEXT = struct.pack("<HHIH", 12, Chat.ID, 1, 2) + b"\xff\xfe"


def test_relayed_frame_that_cannot_be_decoded_closes_the_session(shared: Cluster) -> None:
    with shared.player() as witness, shared.player() as player:
        go(witness, NEAR)
        go(player, CENTER)
        before = len(shared["game"].events("frame_refused", reason="refused_decode"))
        closed = len(shared["gate"].events("closed", type="client", reason="violation"))
        player.send_bytes(BAD_TEXT)
        player.expect_closed()
        shared["game"].wait_event("frame_refused", count=before + 1, reason="refused_decode")
        shared["gate"].wait_event("closed", count=closed + 1, type="client", reason="violation")
        witness.expect(LeaveNotice, entity_id=player.entity_id)
        with log_in(shared, player.name) as again:
            assert again.enter().result == Result.OK


# ---- a gate that breaks the rules ----


class FalseGate(LinkPeer):
    """A gate's link to the game; sessions and frames are the test's own."""

    def __init__(self, cluster: Cluster, node: str = "gate-py") -> None:
        super().__init__(cluster["game"].address("gate"))
        self._frames = b""
        side = Side(Role.GATE, node, relay.VERSION, relay.COMPAT_HASH, relay.SCHEMA_HASH)
        self.shake_hands(read_key(cluster.folder / "portcullis.key"), side)

    def next(self) -> Any:
        """The next packet of gate_game.yaml."""
        while True:
            if len(self._frames) >= 4:
                size = struct.unpack_from("<H", self._frames)[0]
                if len(self._frames) >= size:
                    frame, self._frames = self._frames[:size], self._frames[size:]
                    return relay.decode_frame(frame)
            data = self.socket.recv(65536)
            assert data, "the game has closed the link"
            self._frames += data

    def announce(self, session: int, account_id: int) -> None:
        self.send(relay.EnterSession(session=session, account_id=account_id, name="somebody"))

    def up(self, session: int, frame: bytes) -> None:
        self.send(relay.FrameUp(session=session, frame=frame))

    def enter(self, session: int, account_id: int) -> EnterReply:
        self.announce(session, account_id)
        self.up(session, EnterWorld().encode())
        assert self.next() == relay.SessionEntered(session=session)
        reply = self.next_down(session)
        assert isinstance(reply, EnterReply)
        return reply

    def next_down(self, session: int) -> Any:
        down = self.next()
        if isinstance(down, relay.FrameDownMany):
            assert session in down.sessions
        else:
            assert isinstance(down, relay.FrameDown), down
            assert down.session == session
        return protocol.decode_frame(down.frame)


@pytest.fixture
def account(shared: Cluster) -> int:
    """An account that the db knows; nobody plays it."""
    with shared.client() as client:
        client.to_lobby()
        return client.account_id


@pytest.fixture
def false_gate(shared: Cluster) -> Iterator[FalseGate]:
    with FalseGate(shared) as peer:
        yield peer


BAD_FRAMES = {
    "no header": b"",
    "half a header": b"\x05\x00",
    "size of another": struct.pack("<HH", 9, EnterWorld.ID),
    "unknown id": struct.pack("<HH", 4, 0x01FF),
    "the gate's own id": struct.pack("<HH", 4, protocol.Logout.ID),
    "a game's id": struct.pack("<HH", 12, LeaveNotice.ID) + bytes(8),
    "too long": struct.pack("<HH", 5, EnterWorld.ID) + b"!",
    "not in this state": Move(sequence=1, position=CENTER).encode(),
}


@pytest.mark.parametrize("what", BAD_FRAMES)
def test_frame_that_a_gate_should_have_refused_puts_the_session_out(
    shared: Cluster, false_gate: FalseGate, account: int, what: str
) -> None:
    before = len(shared["game"].events("frame_refused", gate="gate-py"))
    false_gate.announce(7, account)
    false_gate.up(7, BAD_FRAMES[what])
    assert false_gate.next() == relay.SessionLeft(session=7, reason=LeaveReason.REFUSED)
    shared["game"].wait_event("frame_refused", count=before + 1, gate="gate-py")
    false_gate.up(7, EnterWorld().encode())  # nobody any more: nothing comes of it
    assert false_gate.enter(8, account).result == Result.OK


def test_not_a_number_is_no_place(false_gate: FalseGate, account: int) -> None:
    false_gate.enter(1, account)
    nan = struct.pack("<HHIff", 16, Move.ID, 1, float("nan"), 1.0)
    false_gate.up(1, nan)
    assert false_gate.next() == relay.SessionLeft(session=1, reason=LeaveReason.REFUSED)


def test_unknown_sessions_are_ignored(false_gate: FalseGate, account: int) -> None:
    false_gate.up(99, EnterWorld().encode())
    false_gate.send(relay.LeaveSession(session=99, reason=LeaveReason.LOGOUT))
    assert false_gate.enter(1, account).result == Result.OK


def test_session_announced_twice_begins_anew(false_gate: FalseGate, account: int) -> None:
    first = false_gate.enter(1, account)
    again = false_gate.enter(1, account)
    assert again.entity_id == first.entity_id


def test_account_moves_from_one_gate_to_another(
    shared: Cluster, false_gate: FalseGate, account: int
) -> None:
    entity_id = false_gate.enter(1, account).entity_id
    with FalseGate(shared, "gate-py2") as other:
        assert other.enter(1, account).entity_id == entity_id
        assert false_gate.next() == relay.SessionLeft(session=1, reason=LeaveReason.REPLACED)


def test_lost_gate_takes_its_players_along(
    shared: Cluster, false_gate: FalseGate, account: int
) -> None:
    with shared.player() as witness:
        go(witness, NEAR)
        entity_id = false_gate.enter(1, account).entity_id
        false_gate.up(1, Move(sequence=1, position=CENTER).encode())
        witness.expect(MoveNotice, entity_id=entity_id)
        false_gate.socket.close()
        witness.expect(LeaveNotice, entity_id=entity_id)


# ---- a game that breaks the rules ----


class FalseGame:
    """A game that the gate (with one worker) connects to."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(10)
        self.peer: LinkPeer

    @property
    def text(self) -> str:
        return f"127.0.0.1:{self.listener.getsockname()[1]}"

    def accept(self, key: bytes) -> None:
        """The acceptor's part of the handshake."""
        connection, _ = self.listener.accept()
        connection.settimeout(10)
        self.peer = LinkPeer.__new__(LinkPeer)
        self.peer.socket, self.peer._bytes = connection, b""
        hello = self.peer.expect(link.Hello)
        initiator = Side(
            hello.role,
            hello.node,
            hello.payload_version,
            hello.payload_hash,
            hello.payload_schema_hash,
            nonce=bytes(hello.nonce),
        )
        own = Side(Role.GAME, "game-py", relay.VERSION, relay.COMPAT_HASH, relay.SCHEMA_HASH)
        challenge = link.Challenge(
            result=Result.OK,
            role=Role.GAME,
            node=own.node,
            version=own.version,
            compat_hash=own.compat_hash,
            payload_version=own.payload_version,
            payload_hash=own.payload_hash,
            payload_schema_hash=own.payload_schema_hash,
            nonce=own.nonce,
            proof=prove(key, "acceptor", initiator, own),
        )
        self.peer.send(challenge)
        assert bytes(self.peer.expect(link.Proof).proof) == prove(key, "initiator", initiator, own)
        self.peer.send(link.Welcome())

    def next(self, packet_type: type[Any]) -> Any:
        """The next packet of gate_game.yaml; pings are left unanswered."""
        while True:
            while len(self.peer._bytes) < 4 or len(self.peer._bytes) < self._size():
                data = self.peer.socket.recv(65536)
                assert data, "the gate has closed the link"
                self.peer._bytes += data
            frame, self.peer._bytes = (
                self.peer._bytes[: self._size()],
                self.peer._bytes[self._size() :],
            )
            if struct.unpack_from("<HH", frame)[1] == link.Ping.ID:
                self.peer.send(link.Pong(time_ms=0))
                continue
            packet = relay.decode_frame(frame)
            assert isinstance(packet, packet_type), packet
            return packet

    def _size(self) -> int:
        return int(struct.unpack_from("<H", self.peer._bytes)[0])


BAD_DOWN_FRAMES = {
    "no header": b"",
    "size of another": struct.pack("<HH", 9, LeaveNotice.ID),
    "unknown id": struct.pack("<HH", 4, 0x02FF),
    "the gate's own id": protocol.Goodbye().encode(),
    "a client's id": EnterWorld().encode(),
    "too short": struct.pack("<HH", 4, LeaveNotice.ID),
}


def test_gate_passes_on_only_what_a_game_may_say(folder: Path) -> None:
    game = FalseGame()
    cluster = Cluster(folder, gate={"server": {"workers": 1}, "game": {"address": game.text}})
    with cluster:
        cluster.start("db")
        start_gate_with(cluster, game)
        with cluster.client() as client:
            client.to_lobby()
            client.send(EnterWorld())
            session = game.next(relay.EnterSession).session
            assert game.next(relay.FrameUp).frame == EnterWorld().encode()
            game.peer.send(relay.SessionEntered(session=session))
            for count, frame in enumerate(BAD_DOWN_FRAMES.values(), 1):
                game.peer.send(relay.FrameDown(session=session, frame=frame))
                game.peer.send(relay.FrameDownMany(sessions=[session], frame=frame))
                cluster["gate"].wait_event("frame_refused", count=2 * count)
            notice = LeaveNotice(entity_id=5).encode()
            strangers = [0, 1, session + (1 << 32), 0xFFFFFFFFFFFFFFFF]
            for stranger in strangers:
                game.peer.send(relay.FrameDown(session=stranger, frame=notice))
                game.peer.send(relay.SessionLeft(session=stranger, reason=LeaveReason.REPLACED))
            game.peer.send(relay.FrameDownMany(sessions=[*strangers, session], frame=notice))
            assert client.receive() == LeaveNotice(entity_id=5)
            game.peer.send(relay.SessionLeft(session=session, reason=LeaveReason.SHUTDOWN))
            assert client.receive() == LeftWorld(reason=LeaveReason.SHUTDOWN)
            client.echo("still connected")
        game.peer.socket.close()
    game.listener.close()


def start_gate_with(cluster: Cluster, game: FalseGame) -> None:
    """Start the gate on its own: the cluster would point it at the real game."""
    cluster.configs["game"]["gates"]["listen"] = game.text
    cluster.start("gate")
    game.accept(read_key(cluster.folder / "portcullis.key"))
    cluster["gate"].wait_event("link_up", role="game")
    cluster["gate"].wait_event("link_up", role="db")


def test_chat_of_others_comes_with_their_name(shared: Cluster) -> None:
    with shared.player() as speaker, shared.player() as listener:
        go(speaker, CENTER)
        go(listener, NEAR)
        speaker.send(Chat(sequence=9, text="good evening"))
        heard = listener.expect(ChatNotice)
        assert (heard.name, heard.text, heard.sequence) == (speaker.name, "good evening", 9)
