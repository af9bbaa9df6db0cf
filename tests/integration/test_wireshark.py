"""The dissector reads what the running servers really say, on every link."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from capture import Capture, make_dissector, tshark
from client import Chat, ChatNotice, EchoReply, EchoRequest, Move, MoveNotice
from cluster import LISTENERS, Cluster
from common import Result, Vec2
from gate_client import PASSWORD, GateClient

ECHOES = 40
TEXT = "안녕 Wireshark"


class Traffic:
    """One session of a player, captured."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cluster = Cluster(folder)
        self.ports = {
            f"{server}_{peer}": str(self.cluster.configs[server][section][key]).split(":")[1]
            for server, listeners in LISTENERS.items()
            for peer, (section, key) in listeners.items()}
        with Capture(folder, map(int, self.ports.values())) as capture:
            with self.cluster.start_ready() as cluster, cluster.client() as client:
                self.play(client)
        self.capture = capture.path
        self.dissector = make_dissector(folder)

    def play(self, client: GateClient) -> None:
        client.hello()
        assert client.register() == Result.OK
        assert client.login().result == Result.OK
        assert client.enter().result == Result.OK
        self.name, self.account = client.name, client.account_id
        client.send(Move(sequence=7, position=Vec2(x=1000.5, y=250.0)))
        client.expect(MoveNotice, sequence=7)
        client.send(Chat(sequence=8, text=TEXT))
        client.expect(ChatNotice, sequence=8)
        client.send(*(EchoRequest(sequence=i, text="x" * 500) for i in range(ECHOES)))
        for i in range(ECHOES):
            client.expect(EchoReply, sequence=i)
        frame = Chat(sequence=9, text="in two parts").encode()
        client.send_bytes(frame[:11])
        time.sleep(0.2)  # so that they do not travel together
        client.send_bytes(frame[11:])
        client.expect(ChatNotice, sequence=9)
        client.logout()

    def read(self, *options: str, with_ports: bool = True) -> str:
        ports = [part for name, port in self.ports.items()
                 for part in ("-o", f"portcullis.{name}:{port}")]
        return tshark(self.capture, self.dissector, *(ports if with_ports else []), *options)

    def fields(self, name: str, *fields: str, listener: str = "") -> list[list[str]]:
        """Of each segment with a packet of that name these fields; of one listener's links."""
        where = f'portcullis.packet == "{name}"'
        if listener:
            where += f" && tcp.port == {self.ports[listener]}"
        options = [part for field in fields for part in ("-e", f"portcullis.{field}")]
        lines = self.read("-Y", where, "-T", "fields", "-E", "occurrence=a", *options).splitlines()
        return [line.split("\t") for line in lines]


@pytest.fixture(scope="module")
def traffic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Traffic]:
    yield Traffic(tmp_path_factory.mktemp("traffic"))


def test_register_and_login_hide_the_password(traffic: Traffic) -> None:
    for packet in ("client.register_request", "client.login_request"):
        assert traffic.fields(packet, f"{packet}.name", f"{packet}.password") == [
            [traffic.name, "(secret)"]]
    for packet in ("db.account_create", "db.authenticate"):
        (found,) = traffic.fields(packet, f"{packet}.name", f"{packet}.password")
        assert found == [traffic.name, "(secret)"]
    assert PASSWORD not in traffic.read("-O", "portcullis")


def test_answers_have_their_values(traffic: Traffic) -> None:
    packet = "client.login_reply"
    assert traffic.fields(packet, f"{packet}.result", f"{packet}.account_id") == [
        ["0", str(traffic.account)]]
    assert "result: OK (0)" in traffic.read("-Y", f'portcullis.packet == "{packet}"', "-V")


def test_chat_is_read_on_the_clients_connection_and_inside_the_link(traffic: Traffic) -> None:
    for listener in ("gate_client", "game_gate"):
        found = traffic.fields("client.chat", "client.chat.sequence", "client.chat.text",
                               listener=listener)
        assert found == [["8", TEXT], ["9", "in two parts"]], listener
    for listener in ("gate_client", "game_gate"):
        found = traffic.fields("client.chat_notice", "client.chat_notice.text", listener=listener)
        assert found == [[TEXT], ["in two parts"]], listener
    (found, *_) = traffic.fields("relay.frame_up", "packet", "client.move.position.x",
                                 listener="game_gate")[1:]
    assert found == ["relay.frame_up,client.move", "1000.5"]


def test_every_link_shakes_hands(traffic: Traffic) -> None:
    workers = 2
    for listener, count in (("db_gate", workers), ("game_gate", workers), ("db_game", 1)):
        for packet in ("hello", "challenge", "proof", "welcome"):
            found = traffic.fields(f"link.{packet}", "packet", listener=listener)
            assert len(found) == count, (listener, packet)
    nodes = {node for (node,) in traffic.fields("link.hello", "link.hello.node")}
    assert nodes == {"gate-1", "game-1"}


def test_frames_over_and_within_segments_are_all_read(traffic: Traffic) -> None:
    """40 requests of 509 bytes are sent at once, so some lie across the ends of segments or
    several in one; and one chat came in two parts."""
    for packet in ("client.echo_request", "client.echo_reply"):
        found = traffic.fields(packet, f"{packet}.sequence")
        sequences = [int(part) for (segment,) in found for part in segment.split(",")]
        assert sequences == [*range(ECHOES)]
        assert len(found) < ECHOES


def test_nothing_is_malformed_and_every_frame_is_where_it_may_be(traffic: Traffic) -> None:
    assert traffic.read("-Y", "portcullis.expert.malformed || portcullis.expert.unknown_id || "
                              "portcullis.expert.direction || portcullis.expert.cut") == ""


def test_links_are_found_without_ports(traffic: Traffic) -> None:
    everything = traffic.read("-Y", "portcullis").splitlines()
    assert len(everything) > 20
    assert len(traffic.read("-Y", "portcullis", with_ports=False).splitlines()) == len(everything)
