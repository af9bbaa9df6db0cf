"""Which engine serves: by itself, forced, and where the system blocks io_uring."""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path

import harness
import pytest
from cluster import Cluster
from common import Result

RUNNER = [sys.executable, str(Path(__file__).with_name("without_io_uring.py"))]
# Why there is no io_uring, and what the log says of it: cause, status and the system's code.
CAUSES = {
    "forbidden": ("seccomp", "denied", errno.EPERM),
    "absent": ("kernel", "unsupported", errno.ENOSYS),
    "old": ("kernel", "unsupported", errno.EINVAL),
    "featureless": ("multishot_receive", "unsupported", errno.ENOSYS),
}


def play(cluster: Cluster) -> None:
    with cluster.client() as client:
        client.hello()
        assert client.register() == Result.OK
        assert client.login().result == Result.OK
        assert client.enter().result == Result.OK
        client.echo("over whatever engine there is")
        client.logout()


@pytest.mark.parametrize("cause", CAUSES)
def test_io_uring_that_is_not_to_be_had_is_replaced_by_epoll(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cause: str
) -> None:
    told, status, code = CAUSES[cause]
    monkeypatch.setattr(harness, "RUNNER", [*RUNNER, cause])
    with Cluster(tmp_path) as cluster:
        cluster.start_ready()
        for name in ("db", "game", "gate"):
            fallback = cluster[name].wait_event("engine_fallback")
            assert (fallback.get("blocked"), fallback.get("used")) == ("uring", "epoll")
            assert fallback.get("cause") == told
            assert (fallback.get("status"), fallback.get("code")) == (status, str(code))
            assert len(cluster[name].events("engine_fallback")) == 1
            assert cluster[name].wait_event("started").get("engine") == "epoll"
        play(cluster)


@pytest.mark.parametrize(
    ("test", "status", "cause"),
    [
        ("contract/test_port_uring", 77, "forbidden"),
        ("unit/unit_port_uring_buffers_posix", 77, "forbidden"),
        ("unit/unit_net_limits", 0, "featureless"),
    ],
)
def test_blocked_io_uring_is_named_by_a_test_that_misses_it(
    test: str, status: int, cause: str
) -> None:
    """scripts/test counts such a line as skipped."""
    ended = subprocess.run(
        [*RUNNER, cause, str(harness.BIN_DIR / "tests" / test)],
        capture_output=True,
        text=True,
        timeout=harness.PATIENCE,
        check=False,
    )
    assert ended.returncode == status, ended.stdout + ended.stderr
    assert "SKIPPED: engine uring cannot be opened here" in ended.stdout


def test_forced_epoll_says_nothing_of_a_fallback(tmp_path: Path) -> None:
    forced: harness.Config = {"server": {"engine": "epoll"}}
    with Cluster(tmp_path, db=forced, game=forced, gate=forced) as cluster:
        cluster.start_ready()
        for name in ("db", "game", "gate"):
            assert cluster[name].wait_event("started").get("engine") == "epoll"
            assert "engine_fallback" not in "\n".join(cluster[name].log.lines)
        play(cluster)


def test_servers_that_poll_before_they_sleep_serve_and_stop(tmp_path: Path) -> None:
    polling: harness.Config = {"server": {"busy_poll_us": "300"}}
    with Cluster(tmp_path, db=polling, game=polling, gate=polling) as cluster:
        cluster.start_ready()
        play(cluster)


def test_servers_with_a_congestion_control_of_their_own_serve_and_stop(tmp_path: Path) -> None:
    reno: harness.Config = {"server": {"congestion": "reno"}}
    with Cluster(tmp_path, db=reno, game=reno, gate=reno) as cluster:
        cluster.start_ready()
        play(cluster)


def test_forced_uring_that_is_blocked_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(harness, "RUNNER", [*RUNNER, "forbidden"])
    ini = tmp_path / "db.ini"
    ini.write_text("[server]\nengine = uring\n", encoding="utf-8")
    made = harness.run("db", "--make-key", str(tmp_path / "portcullis.key"))
    assert made.returncode == 0
    ended = harness.run(
        "db", "--config", str(ini), "--set", f"link.key_file={tmp_path / 'portcullis.key'}"
    )
    assert ended.returncode == 1
    assert "uring" in ended.stderr
    assert "denied" in ended.stderr
