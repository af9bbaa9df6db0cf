"""Only servers that know the key get a link."""

from __future__ import annotations

import os
from collections.abc import Callable

import db
import link
import pytest
import relay
from cluster import Cluster
from common import LeaveReason, Role, Vec2
from harness import Server
from link_peer import LinkPeer, Side, prove, read_key


def gate_side(**changes: object) -> Side:
    side = Side(
        role=Role.GATE,
        node="gate-py",
        payload_version=relay.VERSION,
        payload_hash=relay.COMPAT_HASH,
        payload_schema_hash=relay.SCHEMA_HASH,
    )
    return replace(side, changes)


def game_side(**changes: object) -> Side:
    side = Side(
        role=Role.GAME,
        node="game-py",
        payload_version=db.VERSION,
        payload_hash=db.COMPAT_HASH,
        payload_schema_hash=db.SCHEMA_HASH,
    )
    return replace(side, changes)


def replace(side: Side, changes: dict[str, object]) -> Side:
    for name, value in changes.items():
        setattr(side, name, value)
    return side


class Listener:
    """A link listener of the shared installation, and who is welcome there."""

    def __init__(self, server: str, peer: str, side: Callable[..., Side]) -> None:
        self.server = server
        self.peer = peer
        self.side = side

    def connect(self, cluster: Cluster) -> LinkPeer:
        return LinkPeer(cluster[self.server].address(self.peer))

    def log(self, cluster: Cluster) -> Server:
        return cluster[self.server]


LISTENERS = [
    Listener("game", "gate", gate_side),
    Listener("db", "game", game_side),
]
each_listener = pytest.mark.parametrize(
    "listener", LISTENERS, ids=lambda listener: f"{listener.peer}-{listener.server}"
)


@pytest.fixture
def key(shared: Cluster) -> bytes:
    return read_key(shared.folder / "portcullis.key")


def expect_refused(shared: Cluster, listener: Listener, before: int) -> None:
    listener.log(shared).wait_event("link_refused", count=before + 1)


def refusals(shared: Cluster, listener: Listener) -> int:
    return len(listener.log(shared).events("link_refused"))


@each_listener
def test_right_key_is_welcome(shared: Cluster, listener: Listener, key: bytes) -> None:
    with listener.connect(shared) as peer:
        peer.shake_hands(key, listener.side())
        peer.send(link.Ping(time_ms=7))
        assert peer.expect(link.Pong).time_ms == 7


@each_listener
def test_wrong_key_is_refused(shared: Cluster, listener: Listener) -> None:
    before = refusals(shared, listener)
    with listener.connect(shared) as peer:
        side = listener.side()
        _, acceptor = peer.challenge(side)
        peer.send(link.Proof(proof=prove(os.urandom(32), "initiator", side, acceptor)))
        peer.expect_closed()
    expect_refused(shared, listener, before)


@each_listener
def test_proof_sent_back_is_refused(shared: Cluster, listener: Listener) -> None:
    before = refusals(shared, listener)
    with listener.connect(shared) as peer:
        packet, _ = peer.challenge(listener.side())
        peer.send(link.Proof(proof=packet.proof))
        peer.expect_closed()
    expect_refused(shared, listener, before)


@each_listener
def test_replayed_handshake_is_refused(shared: Cluster, listener: Listener, key: bytes) -> None:
    side = listener.side()
    with listener.connect(shared) as peer:
        _, acceptor = peer.challenge(side)
        proof = link.Proof(proof=prove(key, "initiator", side, acceptor))
        peer.send(proof)
        peer.expect(link.Welcome)
    before = refusals(shared, listener)
    with listener.connect(shared) as peer:
        _, second = peer.challenge(side)
        assert second.nonce != acceptor.nonce
        peer.send(proof)
        peer.expect_closed()
    expect_refused(shared, listener, before)


@each_listener
def test_wrong_role_is_refused(shared: Cluster, listener: Listener, key: bytes) -> None:
    before = refusals(shared, listener)
    with listener.connect(shared) as peer:
        peer.hello(listener.side(role=Role.DB))
        peer.expect_closed()
    expect_refused(shared, listener, before)


@each_listener
@pytest.mark.parametrize("part", ["compat_hash", "payload_hash", "payload_version"])
def test_other_version_is_told_so(shared: Cluster, listener: Listener, part: str) -> None:
    before = refusals(shared, listener)
    with listener.connect(shared) as peer:
        side = listener.side()
        setattr(side, part, getattr(side, part) ^ 1)
        peer.hello(side)
        packet = peer.receive()
        if packet is not None:
            assert packet.result.name == "VERSION_MISMATCH"
            peer.expect_closed()
    expect_refused(shared, listener, before)


@each_listener
def test_other_schema_is_welcome_and_said_so(
    shared: Cluster, listener: Listener, key: bytes
) -> None:
    side = listener.side()
    own = side.payload_schema_hash
    side.payload_schema_hash ^= 1
    with listener.connect(shared) as peer:
        acceptor = peer.shake_hands(key, side)
        assert acceptor.payload_schema_hash == own
        listener.log(shared).wait_event(
            "schema_differs",
            peer=side.node,
            schema_hash=f"0x{side.payload_schema_hash:04x}",
            own_schema_hash=f"0x{own:04x}",
        )


@each_listener
def test_payload_before_the_proof_is_a_violation(shared: Cluster, listener: Listener) -> None:
    payload: relay.LeaveSession | db.CharacterLoad = (
        relay.LeaveSession(session=1, reason=LeaveReason.LOGOUT)
        if listener.server == "game"
        else db.CharacterLoad(correlation=1, account_id=1, name="x", start=Vec2(x=0.0, y=0.0))
    )
    with listener.connect(shared) as peer:
        peer.challenge(listener.side())
        peer.send(payload)
        peer.expect_closed()
    listener.log(shared).wait_event("refused", reason="refused_state", id=f"0x{payload.ID:04x}")


@each_listener
def test_silence_ends_at_the_deadline(shared: Cluster, listener: Listener) -> None:
    before = len(listener.log(shared).events("closed", type=listener.peer, reason="deadline"))
    with listener.connect(shared) as peer:
        peer.expect_closed()
    listener.log(shared).wait_event(
        "closed", count=before + 1, type=listener.peer, reason="deadline"
    )


def test_game_may_not_ask_what_only_a_gate_may(shared: Cluster, key: bytes) -> None:
    with LinkPeer(shared["db"].address("game")) as peer:
        peer.shake_hands(key, game_side())
        request = db.Authenticate(correlation=1, name="alice", password="not hers")
        peer.send(request)
        peer.expect_closed()
    shared["db"].wait_event("refused", type="game", reason="refused_id", id=f"0x{request.ID:04x}")
