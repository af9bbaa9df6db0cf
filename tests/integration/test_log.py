"""Every line of every log can be read, and no secret is in any."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from bot_runs import bots_story
from client import RegisterRequest
from cluster import Cluster
from common import Result
from gate_client import unique_name
from harness import Config, parse_json, parse_text

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
