"""A server is killed under load: the gate and the clients stay, and service resumes."""

from __future__ import annotations

import sqlite3
import time
from datetime import datetime
from pathlib import Path

import pytest
from bot_runs import BotRun
from client import Chat, ChatNotice, EchoRequest, LeftWorld, Move, MoveNotice, Refusal, ServerStatus
from cluster import Cluster
from common import LeaveReason, Result, Role, Vec2
from gate_client import PASSWORD, GateClient, unique_name
from fault_proxy import FaultProxy, Faults
from harness import IS_WINE, Config, Server, wait_until
from ports import free_port

BOTS = 20 if IS_WINE else 100
# Short enough for a bot to come back that nobody has told of the end of its connection.
BOT_TIMEOUT_MS = 3000
# A link hears from its other end five times a second and is idle after 2 s.
SILENCE_S = 1.5


def bots_in_play(cluster: Cluster, seconds: int = 8) -> BotRun:
    """Bots that are all in the world."""
    options = ("--survive", "--rate", "20", "--timeout", str(BOT_TIMEOUT_MS))
    bots = BotRun(cluster.gate_text, BOTS, seconds, *options)
    cluster["game"].wait_event("entered", count=BOTS)
    return bots


def assert_link_losses(cluster: Cluster, role: str, killed_s: float) -> None:
    """Each worker of the gate says whom it lost, and why; nothing else was lost. Wine forgets a
    reset that comes between the two halves of a receive; then it is the silence that tells."""
    lost = cluster["gate"].events("link_down")
    workers = int(cluster["gate"].wait_event("started").get("workers"))
    assert len(lost) == workers
    for event in lost:
        assert (event.level, event.get("role")) == ("warning", role)
        if IS_WINE and event.get("reason") == "idle":
            assert datetime.fromisoformat(event.time).timestamp() - killed_s >= SILENCE_S
        else:
            assert event.get("reason") in ("peer", "reset")


def test_killed_game_is_survived(folder: Path) -> None:
    with Cluster(folder).start_ready() as cluster:
        bots = bots_in_play(cluster)
        killed_s = time.time()
        cluster.kill("game")
        cluster["gate"].wait_event("link_down")
        cluster.start("game")
        summary = bots.finish()
        assert summary["connections_lost"] == 0
        assert summary["left_world"] == BOTS
        assert summary["servers_down"] >= BOTS
        assert summary["servers_up"] >= BOTS
        assert summary["entered"] == 2 * BOTS
        reasons = summary["reasons"]
        assert reasons.pop("game: unavailable") == summary["servers_down"] == BOTS
        assert reasons.pop("left_world: server_lost") == BOTS
        assert reasons.pop("step: unavailable") > 0  # entering again before the game was back
        assert reasons.pop("refusal: unavailable", 0) == summary["refusals"]
        assert reasons == {}
        assert_link_losses(cluster, "game", killed_s)


def test_killed_db_is_survived(folder: Path) -> None:
    with Cluster(folder).start_ready() as cluster:
        bots = bots_in_play(cluster)
        killed_s = time.time()
        cluster.kill("db")
        cluster["gate"].wait_event("link_down")
        cluster.start("db")
        summary = bots.finish()
        assert summary["connections_lost"] == 0
        assert summary["left_world"] == 0
        assert summary["servers_down"] >= BOTS
        assert summary["servers_up"] >= BOTS
        assert summary["servers_down"] == BOTS
        assert summary["reasons"] == {"db: unavailable": BOTS}
        assert_link_losses(cluster, "db", killed_s)
        with cluster.client() as client:
            client.to_world()


def test_killed_gate_is_survived(folder: Path) -> None:
    with Cluster(folder).start_ready() as cluster:
        bots = bots_in_play(cluster)
        cluster.kill("gate")
        cluster.start("gate")
        summary = bots.finish()
        assert summary["connections_lost"] == BOTS
        assert summary["logins"] == 2 * BOTS


@pytest.mark.native
def test_gate_that_goes_without_a_word_is_survived(folder: Path) -> None:
    count = 5
    with Cluster(folder).start_ready() as cluster, FaultProxy(cluster.gate_address) as proxy:
        bots = BotRun(proxy.text, count, 4, "--survive", "--rate", "20", "--timeout", "800")
        cluster["game"].wait_event("entered", count=count)
        proxy.faults = Faults(is_stalled=True)
        wait_until(lambda: proxy.accepted >= 2 * count, "every bot has connected anew")
        proxy.heal()
        summary = bots.finish(silent=count)
        assert summary["connections_lost"] == count
        assert summary["logins"] == 2 * count


def test_killed_server_can_be_started_at_once(folder: Path) -> None:
    with Cluster(folder).start_ready() as cluster:
        for name in ("gate", "game", "db") * 3:
            cluster.kill(name)
            cluster.start(name)


def test_game_gone_is_said_to_the_player(folder: Path) -> None:
    with Cluster(folder).start_ready() as cluster, cluster.player() as player:
        cluster.kill("game")
        status = player.find(ServerStatus, server=Role.GAME, up=False)
        assert status.reason == Result.UNAVAILABLE
        player.find(LeftWorld, reason=LeaveReason.SERVER_LOST)
        player.send(Move(sequence=1, position=Vec2(x=1.0, y=1.0)))
        player.expect(Refusal, packet_id=Move.ID, result=Result.UNAVAILABLE)
        player.echo("still connected")
        cluster.start("game")
        player.find(ServerStatus, server=Role.GAME, up=True)
        cluster["game"].wait_event("link_up", role="db")
        assert player.enter().result == Result.OK


def test_db_gone_is_said_to_who_logs_in(folder: Path) -> None:
    with Cluster(folder).start_ready() as cluster, cluster.client() as client:
        client.hello()
        assert client.register() == Result.OK
        cluster.kill("db")
        client.find(ServerStatus, server=Role.DB, up=False)
        reply = client.login()
        assert reply.result == Result.UNAVAILABLE
        assert reply.retry_after_ms > 0
        cluster.start("db")
        client.find(ServerStatus, server=Role.DB, up=True)
        assert client.login().result == Result.OK


def test_play_goes_on_without_db_and_is_saved_later(folder: Path) -> None:
    place = Vec2(x=777.0, y=333.0)
    with Cluster(folder).start_ready() as cluster:
        with cluster.player() as player:
            cluster.kill("db")
            player.find(ServerStatus, server=Role.DB, up=False)
            player.send(Move(sequence=1, position=place))
            player.expect(MoveNotice, position=place)
            name = player.name
        cluster.start("db")
        cluster["game"].wait_event("link_up", count=2, role="db")
        with cluster.client() as client:
            client.hello()
            login_when_possible(client, name)
            assert client.enter().position == place


def login_when_possible(client: GateClient, name: str) -> None:
    """The gate may get its link later than the game. Who asks oftener than twice in a second is
    thrown out."""
    wait_until(
        lambda: client.login(name).result == Result.OK, "login after the db has returned", pause=0.6
    )


def test_saved_place_survives_the_death_of_the_game(folder: Path) -> None:
    place = Vec2(x=123.0, y=456.0)
    with Cluster(folder).start_ready() as cluster, cluster.player() as player:
        player.send(Move(sequence=1, position=place))
        player.expect(MoveNotice, position=place)
        player.expect_nothing_of(LeftWorld, during=1.0)  # longer than save.interval_ms
        cluster.kill("game")
        player.find(LeftWorld, reason=LeaveReason.SERVER_LOST)
        cluster.start("game")
        player.find(ServerStatus, server=Role.GAME, up=True)
        cluster["game"].wait_event("link_up", role="db")  # before, it could not load the place
        assert player.enter().position == place


def test_committed_accounts_survive_the_death_of_the_db(folder: Path) -> None:
    names = [unique_name("kept") for _ in range(5)]
    with Cluster(folder).start_ready() as cluster:
        for name in names:
            with cluster.client() as client:
                client.hello()
                assert client.register(name, PASSWORD) == Result.OK
        cluster.kill("db")
        cluster.start("db")
        cluster["gate"].wait_event("link_up", count=4, role="db")
        for name in names:
            with cluster.client() as client:
                client.hello()
                login_when_possible(client, name)


def test_gate_before_the_others_says_so_and_then_serves(folder: Path) -> None:
    with Cluster(folder).start_ready() as cluster:
        for name in ("gate", "game", "db"):
            cluster.stop(name)
        cluster.start("gate")
        with cluster.client() as client:
            client.hello()
            assert client.register() == Result.UNAVAILABLE
            cluster.start("db", "game")
            client.find(ServerStatus, server=Role.DB, up=True)
            assert client.register() == Result.OK
            assert client.login().result == Result.OK
            client.send(EchoRequest(sequence=1, text="here"))


def saved_chat_count(folder: Path) -> int:
    database = sqlite3.connect(folder / "portcullis.db")
    try:
        return int(database.execute("SELECT chat_count FROM character").fetchone()[0])
    finally:
        database.close()


def test_second_game_of_a_name_does_not_end_the_first_ones_saves(folder: Path) -> None:
    with Cluster(folder).start_ready() as cluster, cluster.player() as player:
        elsewhere = f"gates.listen=127.0.0.1:{free_port()}"
        second = Server("game", folder, folder / "game.ini", "--set", elsewhere)
        said = cluster["db"].wait_event("two_games", node="game-1")
        assert said.level == "error"
        cluster["game"].wait_event("link_down", role="db")
        assert second.stop() == 0
        player.send(Chat(sequence=1, text="is this kept?"))
        player.expect(ChatNotice)
        wait_until(lambda: saved_chat_count(folder) == 1, "the first game saves again")
        cluster.stop("game")
        assert not cluster.ended[-1].events("not_saved")


def test_nodes_that_have_gone_take_no_place(folder: Path) -> None:
    """One link at a time is allowed, and game after game comes with a name of its own."""
    with Cluster(folder, db={"listen": {"links_max": 1}}).start("db") as cluster:
        for number in range(1, 4):
            cluster.configs["game"]["link"]["node"] = f"game-{number}"
            cluster.start("game")
            cluster["game"].wait_event("link_up", role="db")
            cluster.stop("game")
            cluster["db"].wait_event("closed", type="game", count=number)
            assert not cluster.ended[-1].events("link_down", reason="peer")


def test_game_that_could_not_save_says_so_by_its_status(folder: Path) -> None:
    quick: Config = {"save": {"stop_ms": 200}}
    with Cluster(folder, game=quick).start_ready() as cluster, cluster.player() as player:
        cluster.kill("db")
        cluster["game"].wait_event("link_down", role="db")
        player.send(Chat(sequence=1, text="this is not kept"))
        player.expect(ChatNotice)
        game = cluster.running.pop("game")
        assert game.stop() == 1
        assert game.events("not_saved", characters=1)
        assert game.events("stopped", pools_whole="true")
