"""Server links over paths: the same service, private to the user, and crashes leave nothing behind
that stops a restart. Windows has none and says so."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from client import ServerStatus
from cluster import Cluster
from common import Result, Role
from harness import IS_WINE

PATHS = {"db": ("gates.sock", "games.sock"), "game": ("game.sock",)}


def unix_cluster(folder: Path) -> Cluster:
    gates, games = (f"unix:{folder / name}" for name in PATHS["db"])
    return Cluster(
        folder,
        db={"listen": {"gates": gates, "games": games}},
        game={"gates": {"listen": f"unix:{folder / PATHS['game'][0]}"}},
    )


if IS_WINE:

    def test_path_is_refused_by_name(folder: Path) -> None:
        cluster = unix_cluster(folder)
        with pytest.raises(Exception, match="listen_failed.*unix:.*unsupported"):
            cluster.start("db")

else:

    def test_story_over_paths(folder: Path) -> None:
        with unix_cluster(folder).start_ready() as cluster, cluster.client() as client:
            for name in (name for names in PATHS.values() for name in names):
                assert stat.filemode((folder / name).stat().st_mode) == "srw-------"
            client.hello()
            assert client.register() == Result.OK
            assert client.login().result == Result.OK
            assert client.enter().result == Result.OK
            client.echo("through three paths")
            client.logout()
        assert not list(folder.glob("*.sock")), "an orderly stop takes the paths away"

    def test_path_of_a_killed_server_is_taken_again(folder: Path) -> None:
        with unix_cluster(folder).start_ready() as cluster, cluster.player() as player:
            cluster.kill("game")
            player.find(ServerStatus, server=Role.GAME, up=False)
            assert (folder / "game.sock").exists()
            cluster.start("game")
            player.find(ServerStatus, server=Role.GAME, up=True)
            cluster["game"].wait_event("link_up", role="db")
            assert player.enter().result == Result.OK
