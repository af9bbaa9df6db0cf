"""Every line of every log can be read, and no secret is in any."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
from pathlib import Path

import pytest
from bot_runs import bots_story
from client import HelloReply, RegisterRequest
from cluster import Cluster
from common import Result
from gate_client import GateClient, unique_name
from harness import PATIENCE, Config, command, parse_json, parse_text, wait_until
from ports import free_port

SECRET = "hunter2-never-in-a-log"


def play_with_secrets(cluster: Cluster) -> None:
    """Bring the password wherever a server might write it down."""
    with cluster.client() as client:
        client.hello()
        name = unique_name()
        assert client.register(name, SECRET) == Result.OK
        assert client.register(name, SECRET) == Result.NAME_TAKEN
        assert client.login(unique_name(), SECRET).result == Result.WRONG_CREDENTIALS
        assert client.login(name, SECRET).result == Result.OK
        client.enter()
        client.logout()
    with cluster.client() as client:
        client.hello()
        whole = RegisterRequest(name=unique_name(), password=SECRET).encode()
        size = len(whole) + 1
        client.send_bytes(size.to_bytes(2, "little") + whole[2:] + b"!")
        client.expect_closed()


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_every_line_parses_and_has_no_secret(folder: Path, log_format: str) -> None:
    log: Config = {"log": {"level": "debug", "format": log_format}}
    with Cluster(folder, db=log, game=log, gate=log).start_ready() as cluster:
        play_with_secrets(cluster)
        assert bots_story(cluster.gate_text).returncode == 0
    parse = parse_json if log_format == "json" else parse_text
    for server in cluster.ended:
        for line in server.log.lines:
            event = parse(line)
            assert event is not None, f"{server.name}: cannot be parsed: {line}"
            assert event.server == server.name
    text = cluster.logs()
    key = (folder / "portcullis.key").read_text(encoding="ascii").strip()
    for secret in (SECRET, "secret of", key):
        assert secret not in text


def test_wrong_login_is_told_with_name_and_address(shared: Cluster) -> None:
    name = unique_name()
    with shared.client() as client:
        client.hello()
        assert client.login(name, SECRET).result == Result.WRONG_CREDENTIALS
        said = shared["gate"].wait_event("login", {"name": name})
        host, port = client.socket.getsockname()
        assert said.get("address") == f"{host}:{port}"


def test_clients_of_another_version_do_not_fill_the_log(folder: Path) -> None:
    few: Config = {"server": {"workers": 1}, "log": {"warnings_per_sec": 2}}
    with Cluster(folder, gate=few).start("gate") as cluster:
        for _ in range(200):
            with cluster.client() as client:
                client.say_hello(version=999)
                client.expect(HelloReply, result=Result.VERSION_MISMATCH)
        gate = cluster.stop("gate")
        written = len(gate.events("hello_refused"))
        untold = gate.events("log_suppressed")[-1]
        assert written < 200
        assert written + int(untold.get("lines_total")) >= 200


def test_story_is_told_by_the_gate(folder: Path) -> None:
    with Cluster(folder).start_ready() as cluster:
        with cluster.player() as player:
            player.logout()
        gate = cluster["gate"]
        accepted = gate.wait_event("accepted", type="client")
        closed = gate.wait_event("closed", type="client", session=accepted.get("session"))
        assert closed.get("reason") == "logout"
        assert accepted.time <= closed.time
        assert accepted.get("address").startswith("127.0.0.1:")


def test_name_cannot_forge_a_line(folder: Path) -> None:
    log: Config = {"log": {"level": "debug", "format": "json"}}
    evil = 'x"\n{"level'
    with Cluster(folder, db=log, gate=log).start_ready() as cluster:
        with cluster.client() as client:
            client.hello()
            assert client.register(evil) == Result.NAME_INVALID
            assert client.login(evil).result == Result.WRONG_CREDENTIALS
        cluster.stop("gate")
        for server in cluster.ended:
            for line in server.log.lines:
                json.loads(line)


def start_unread(name: str, folder: Path, *settings: str) -> tuple[subprocess.Popen[bytes], int]:
    """A server whose log goes to a pipe, and the end of it that nobody reads yet."""
    Cluster(folder)  # makes the key
    end, log = os.pipe()
    fcntl.fcntl(end, fcntl.F_SETPIPE_SZ, 4096)
    settings = (*settings, "server.drain_ms=100")
    options = [word for setting in settings for word in ("--set", setting)]
    server = subprocess.Popen(command(name, *options), cwd=folder, stderr=log)
    os.close(log)
    return server, end


def read_all_of(end: int) -> str:
    with os.fdopen(end, encoding="utf-8") as file:
        return file.read()


def connect_when_possible(port: int) -> GateClient:
    clients: list[GateClient] = []

    def is_connected() -> bool:
        try:
            clients.append(GateClient(("127.0.0.1", port)))
        except ConnectionRefusedError:
            return False
        return True

    wait_until(is_connected, "the gate listens")
    return clients[0]


@pytest.mark.native
def test_clients_are_served_while_nobody_reads_the_log(folder: Path) -> None:
    port = free_port()
    gate, end = start_unread("gate", folder, f"clients.listen=127.0.0.1:{port}", "server.workers=1")
    try:
        with connect_when_possible(port) as first:
            first.hello()
            for number in range(100):  # 200 lines: many times what the pipe holds
                GateClient(("127.0.0.1", port)).close()
                first.echo("still served", number)
            gate.terminate()
            assert gate.wait(timeout=PATIENCE) == 0
        assert "event=started" in read_all_of(end)
    finally:
        gate.kill()
        gate.wait()


@pytest.mark.native
def test_log_is_whole_when_it_is_read_late(folder: Path) -> None:
    port = free_port()
    gate, end = start_unread("gate", folder, f"clients.listen=127.0.0.1:{port}", "server.workers=1")
    try:
        with connect_when_possible(port) as first:
            first.hello()
            for _ in range(100):
                GateClient(("127.0.0.1", port)).close()
            first.echo("and now it is read")
            gate.terminate()
            text = read_all_of(end)
        assert gate.wait(timeout=PATIENCE) == 0
        assert text.count("event=accepted") == text.count("event=closed type=client") == 101
        assert text.endswith("event=stopped pools_whole=true\n")
    finally:
        gate.kill()
        gate.wait()


@pytest.mark.native
def test_server_lives_when_who_reads_the_log_has_gone(folder: Path) -> None:
    port = free_port()
    gate, end = start_unread("gate", folder, f"clients.listen=127.0.0.1:{port}", "server.workers=1")
    try:
        connect_when_possible(port).close()
        os.close(end)
        for number in range(20):
            with GateClient(("127.0.0.1", port)) as client:
                client.hello()
                client.echo("alive", number)
        gate.terminate()
        assert gate.wait(timeout=PATIENCE) == 0
    finally:
        gate.kill()
        gate.wait()
