"""The side of a link that connects: a db in Python, honest or forged, and a real game."""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import db
import link
import pytest
from cluster import Cluster
from common import Result, Role
from harness import Server, Unexpected
from link_peer import Side, prove, read_key

WAIT_S = 10.0


@dataclass
class Accepted:
    """A connection that the game has made, behind its hello."""

    socket: socket.socket
    initiator: Side
    pending: bytes = b""

    def receive(self) -> Any:
        """The next packet of link.yaml; None at the end of the connection."""
        deadline = time.monotonic() + WAIT_S
        while True:
            if len(self.pending) >= 4:
                size = struct.unpack_from("<H", self.pending)[0]
                if len(self.pending) >= size:
                    frame, self.pending = self.pending[:size], self.pending[size:]
                    return link.decode_frame(frame)
            if time.monotonic() > deadline:
                raise Unexpected("nothing came")
            try:
                data = self.socket.recv(65536)
            except ConnectionError:
                return None
            if not data:
                return None
            self.pending += data

    def send(self, packet: Any) -> None:
        self.socket.sendall(packet.encode())

    def challenge(self, key: bytes, side: Side, result: Result = Result.OK) -> None:
        proof = prove(key, "acceptor", self.initiator, side)
        self.send_challenge(side, proof, result)

    def send_challenge(self, side: Side, proof: bytes, result: Result = Result.OK) -> None:
        self.send(
            link.Challenge(
                result=result,
                role=Role(side.role),
                node=side.node,
                version=side.version,
                compat_hash=side.compat_hash,
                payload_version=side.payload_version,
                payload_hash=side.payload_hash,
                payload_schema_hash=side.payload_schema_hash,
                nonce=side.nonce,
                proof=proof,
            )
        )

    def close(self) -> None:
        self.socket.close()


class ForgedDb:
    """Listens where the game looks for its db."""

    def __init__(self, folder: Path) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(WAIT_S)
        port = self.listener.getsockname()[1]
        self.cluster = Cluster(folder)
        self.cluster.configs["db"]["listen"]["games"] = f"127.0.0.1:{port}"
        self.cluster.start("game")
        self.key = read_key(folder / "portcullis.key")

    @property
    def game(self) -> Server:
        return self.cluster["game"]

    def accept(self) -> Accepted:
        """The next connection, with the game's hello."""
        connection, _ = self.listener.accept()
        connection.settimeout(WAIT_S)
        accepted = Accepted(connection, db_side())
        hello = accepted.receive()
        assert isinstance(hello, link.Hello), hello
        accepted.initiator = Side(
            role=hello.role,
            node=hello.node,
            version=hello.version,
            compat_hash=hello.compat_hash,
            payload_version=hello.payload_version,
            payload_hash=hello.payload_hash,
            payload_schema_hash=hello.payload_schema_hash,
            nonce=bytes(hello.nonce),
        )
        return accepted

    def expect_refused(self, accepted: Accepted, why: str) -> None:
        assert accepted.receive() is None
        self.game.wait_event("link_refused", why=why)
        self.game.wait_event("closed", type="db", reason="auth")
        accepted.close()
        assert not self.game.events("link_up")


def db_side(role: Role = Role.DB) -> Side:
    return Side(
        role=role,
        node="db-py",
        payload_version=db.VERSION,
        payload_hash=db.COMPAT_HASH,
        payload_schema_hash=db.SCHEMA_HASH,
    )


@pytest.fixture
def forged(folder: Path) -> Iterator[ForgedDb]:
    forged = ForgedDb(folder)
    with forged.cluster:
        yield forged
        forged.listener.close()


def test_honest_db_is_linked_and_pinged(forged: ForgedDb) -> None:
    accepted = forged.accept()
    side = db_side()
    accepted.challenge(forged.key, side)
    proof = accepted.receive()
    assert isinstance(proof, link.Proof)
    assert bytes(proof.proof) == prove(forged.key, "initiator", accepted.initiator, side)
    accepted.send(link.Welcome())
    forged.game.wait_event("link_up", role="db", peer="db-py")
    for _ in range(3):
        ping = accepted.receive()
        assert isinstance(ping, link.Ping)
        accepted.send(link.Pong(time_ms=ping.time_ms))
    accepted.close()
    forged.game.wait_event("link_down", role="db", peer="db-py")


def test_db_that_falls_silent_is_left_and_tried_again(forged: ForgedDb) -> None:
    accepted = forged.accept()
    accepted.challenge(forged.key, db_side())
    accepted.receive()
    accepted.send(link.Welcome())
    forged.game.wait_event("link_up", role="db")
    started = time.monotonic()
    forged.game.wait_event("link_down", role="db", reason="idle")
    assert time.monotonic() - started < 5.0, "the peer's silence is not waited for once more"
    forged.accept().close()
    accepted.close()


def test_wrong_key_is_refused_and_tells_nothing(forged: ForgedDb) -> None:
    accepted = forged.accept()
    accepted.challenge(os.urandom(32), db_side())
    forged.expect_refused(accepted, "wrong_proof")


def test_hello_sent_back_is_refused(forged: ForgedDb) -> None:
    """A stranger that only mirrors what it hears: its proof would have to be of the other side."""
    accepted = forged.accept()
    mirrored = db_side()
    mirrored.nonce = accepted.initiator.nonce
    accepted.send_challenge(mirrored, prove(forged.key, "initiator", accepted.initiator, mirrored))
    forged.expect_refused(accepted, "wrong_proof")


def test_challenge_of_an_earlier_connection_is_refused(forged: ForgedDb) -> None:
    first = forged.accept()
    side = db_side()
    old_proof = prove(forged.key, "acceptor", first.initiator, side)
    first.close()
    second = forged.accept()
    assert second.initiator.nonce != first.initiator.nonce
    second.send_challenge(side, old_proof)
    forged.expect_refused(second, "wrong_proof")


@pytest.mark.parametrize("role", [Role.GATE, Role.GAME, Role.CLIENT])
def test_server_of_another_role_is_refused(forged: ForgedDb, role: Role) -> None:
    accepted = forged.accept()
    accepted.challenge(forged.key, db_side(role))
    forged.expect_refused(accepted, "wrong_role")


def test_other_version_is_refused_with_both_named(forged: ForgedDb) -> None:
    accepted = forged.accept()
    side = db_side()
    side.payload_version = 77
    accepted.challenge(forged.key, side, Result.VERSION_MISMATCH)
    forged.expect_refused(accepted, "version_mismatch")
    versions = forged.game.wait_event("link_versions")
    assert versions.get("peer_payload_version") == "77"
    assert versions.get("own_payload_version") == str(db.VERSION)
    assert versions.get("own_payload_hash") == versions.get("peer_payload_hash")
    assert not forged.game.events("schema_differs")


def test_other_schema_is_linked_and_said_so(forged: ForgedDb) -> None:
    accepted = forged.accept()
    side = db_side()
    side.payload_schema_hash ^= 1
    accepted.challenge(forged.key, side)
    assert isinstance(accepted.receive(), link.Proof)
    accepted.send(link.Welcome())
    forged.game.wait_event("link_up", role="db", peer="db-py")
    forged.game.wait_event(
        "schema_differs",
        peer="db-py",
        schema_hash=f"0x{side.payload_schema_hash:04x}",
        own_schema_hash=f"0x{db.SCHEMA_HASH:04x}",
    )
    accepted.close()


def test_welcome_before_the_challenge_is_a_violation(forged: ForgedDb) -> None:
    accepted = forged.accept()
    accepted.send(link.Welcome())
    assert accepted.receive() is None
    forged.game.wait_event("refused", type="db", reason="refused_state")
    accepted.close()


def test_hang_up_instead_of_a_challenge_is_said(forged: ForgedDb) -> None:
    forged.accept().close()
    refused = forged.game.wait_event("link_refused", role="db")
    assert refused.get("why") in ("peer", "reset")


def test_silence_instead_of_a_challenge_ends_at_the_deadline(forged: ForgedDb) -> None:
    accepted = forged.accept()
    assert accepted.receive() is None
    forged.game.wait_event("link_refused", role="db", why="deadline")
    forged.game.wait_event("closed", type="db", reason="deadline")
    accepted.close()
