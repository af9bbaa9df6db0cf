"""Servers stop in order, whoever is connected."""

from __future__ import annotations

from pathlib import Path

import pytest
from bot_runs import BotRun
from client import EchoRequest
from cluster import Cluster
from gate_client import GateClient


def test_gate_with_clients_in_every_state_stops_in_order(folder: Path) -> None:
    with Cluster(folder).start_ready() as cluster:
        silent = cluster.client()
        greeted = cluster.client()
        greeted.hello()
        lobby = cluster.client().to_lobby()
        player = cluster.player()
        cluster.stop("gate")
        for client in (silent, greeted, lobby, player):
            assert not client.expect_closed().was_reset
            client.close()


def test_half_a_frame_does_not_hold_up_the_stop(folder: Path) -> None:
    with Cluster(folder).start_ready() as cluster:
        client = cluster.client()
        client.hello()
        client.send_bytes(EchoRequest(sequence=1, text="never finished").encode()[:9])
        cluster.stop("gate")
        client.expect_closed()


def test_client_that_does_not_read_does_not_hold_up_the_stop(folder: Path) -> None:
    with Cluster(folder, gate={"server": {"drain_ms": 500}}).start_ready() as cluster:
        client = GateClient(cluster.gate_address)
        client.hello()
        client.send(*(EchoRequest(sequence=i, text="x" * 500) for i in range(3000)))
        cluster.stop("gate")
        client.close()


@pytest.mark.parametrize("name", ["db", "game", "gate"])
def test_each_server_stops_alone(folder: Path, name: str) -> None:
    with Cluster(folder).start_ready() as cluster:
        with cluster.player() as player:
            player.echo("before")
            cluster.stop(name)


@pytest.mark.parametrize("name", ["db", "game", "gate"])
def test_stop_under_load_leaves_pools_whole(folder: Path, name: str) -> None:
    with Cluster(folder).start_ready() as cluster:
        bots = BotRun(cluster.gate_text, 20, 60, "--survive", "--rate", "50")
        try:
            cluster["gate"].wait_event("accepted", count=20, type="client")
            cluster["game"].wait_event("started")
            cluster.stop(name)
        finally:
            bots.kill()


def test_server_that_never_had_a_peer_stops(folder: Path) -> None:
    with Cluster(folder) as cluster:
        cluster.start("gate")
