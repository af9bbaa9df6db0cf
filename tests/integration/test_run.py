"""`./scripts/run` as a newcomer types it: what it says, what it leaves behind, and how it ends.

The programs are those of the build tree under test: that the script finds nothing to build there
takes a second, and a leak that a sanitizer finds is an exit status that it prints."""

from __future__ import annotations

import os
import re
import signal
import socket
import sqlite3
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from bot_runs import bots_story
from harness import BIN_DIR, PATIENCE, ROOT, LogReader, Unexpected, wait_until
from ports import free_port

pytestmark = pytest.mark.native

SCRIPT = str(ROOT / "scripts" / "run")
OPTIONS = ("--no-setup", "--build", str(BIN_DIR))
OFFSETS = (100, 200, 201)  # of game and db, above the gate's
SERVERS = ("db", "game", "gate")
STAYS = "run: the servers stay up; Ctrl-C stops them"
IN_ORDER = [f"run: {name} stopped with exit status 0" for name in ("gate", "game", "db")]
# The beginnings of what stands there between others, in this order.
SCRIPT_SAYS = ["run: building", "run: making the key", "run: wrote db.ini, game.ini and gate.ini"]
UP_SAYS = [f"run: {name} is up: process " for name in SERVERS]
CLIENT_SAYS = [
    "run: the client plays at ",
    "connected to ",
    "hello ok, version ",
    "registered alice-",
    "logged in, account ",
    "echo: Hello from TestClient came back",
    "entered the world at (",
    "moved to (",
    "chat: alice-",
    "ping ",
    "logged out, goodbye",
    "run: the gate says: ",
    STAYS,
]


def allow_interrupt() -> None:
    """Who is started in the background ignores Ctrl-C, and so would the script."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Run:
    """The script in a process group of its own, as a terminal would start it."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [SCRIPT, *OPTIONS, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            start_new_session=True,
            preexec_fn=allow_interrupt,
        )
        assert self.process.stdout is not None
        self._output = LogReader(self.process.stdout)

    @property
    def said(self) -> list[str]:
        return list(self._output.lines)

    def wait_line(self, beginning: str) -> str:
        """Wait for a line; return it."""

        def found() -> list[str]:
            return [line for line in self.said if line.startswith(beginning)]

        wait_until(lambda: found() or self.process.poll() is not None, beginning, 3 * PATIENCE)
        if not found():
            raise Unexpected(f"no line '{beginning}'\n" + "\n".join(self.said))
        return found()[0]

    def pid(self, server: str) -> int:
        return int(self.wait_line(f"run: {server} is up: process ").split()[5].rstrip(","))

    def interrupt(self) -> None:
        """Ctrl-C: the terminal sends it to the whole group."""
        os.killpg(self.process.pid, signal.SIGINT)

    def finish(self) -> int:
        """Wait for the end by itself; the exit status."""
        status = self.process.wait(timeout=2 * PATIENCE)
        self._output.finish()
        return status

    def end(self) -> None:
        """Whatever happened, nothing of it goes on."""
        if self.process.poll() is None:
            self.process.terminate()
            self.finish()


@pytest.fixture
def start() -> Iterator[Callable[..., Run]]:
    runs: list[Run] = []

    def start_one(*arguments: str) -> Run:
        runs.append(Run(*arguments))
        return runs[-1]

    yield start_one
    for run in runs:
        run.end()


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state folder of both starts; the script makes it."""
    return tmp_path_factory.mktemp("run") / "state"


def assert_order(said: list[str], beginnings: list[str]) -> None:
    rest = iter(said)
    for beginning in beginnings:
        assert any(line.startswith(beginning) for line in rest), (beginning, said)


def assert_clean(run: Run, state: Path, *killed: str) -> None:
    """Nothing is left of the servers but logs, which tell of an end in order."""
    assert "Sanitizer" not in "\n".join(run.said)
    for server in SERVERS:
        log = (state / "log" / f"{server}.log").read_text(encoding="utf-8")
        assert "Sanitizer" not in log
        if server not in killed:
            assert re.search(r"\bevent=stopped\b.* pools_whole=true\b", log), log
        with pytest.raises(ProcessLookupError):
            os.kill(run.pid(server), 0)


def accounts(state: Path) -> dict[str, str]:
    """Name and password hash of every account in the database."""
    database = sqlite3.connect(state / "portcullis.db")
    rows = database.execute("SELECT name, password_hash FROM account").fetchall()
    database.close()
    return dict(rows)


def test_client_plays_and_ctrl_c_stops_in_order(start: Callable[..., Run], state: Path) -> None:
    run = start("--port", str(free_port(*OFFSETS)), "--state", str(state))
    run.wait_line(STAYS)
    assert_order(run.said, SCRIPT_SAYS + UP_SAYS + CLIENT_SAYS)
    assert stat.S_IMODE((state / "portcullis.key").stat().st_mode) == 0o600

    gate = run.wait_line("run: the client plays at ").split()[-1]
    other = bots_story(gate)
    assert other.returncode == 0, other.stdout + other.stderr
    assert run.process.poll() is None

    run.interrupt()
    assert run.finish() == 0, run.said
    assert run.said[-3:] == IN_ORDER
    assert_clean(run, state)

    said = run.said + other.stdout.splitlines()
    names = {line.split()[1].rstrip(",") for line in said if line.startswith("registered ")}
    assert len(names) == 2
    kept = accounts(state)
    assert set(kept) == names
    assert all(text.startswith("$argon2id$") for text in kept.values())


def test_second_start_keeps_the_state_and_names_a_server_that_died(
    start: Callable[..., Run], state: Path
) -> None:
    """Runs after the test above, in its folder."""
    key = (state / "portcullis.key").read_bytes()
    before = accounts(state)
    ini = state / "gate.ini"
    quiet = re.sub(r"^;level = .*$", "level = warning", ini.read_text("utf-8"), flags=re.MULTILINE)
    ini.write_text(quiet, "utf-8")
    run = start("--state", str(state))
    run.wait_line(STAYS)
    assert any(line.startswith("run: gate.ini says level = warning") for line in run.said)
    assert f"run: using the ini files of {state}" in run.said
    assert (state / "portcullis.key").read_bytes() == key
    assert before.items() < accounts(state).items()

    os.kill(run.pid("db"), signal.SIGKILL)
    assert run.finish() == 1
    run.wait_line("run: error: db has ended by itself")
    # What the client's character did last may not have been saved; then the game says so, twice.
    log = (state / "log" / "game.log").read_text(encoding="utf-8")
    game = f"run: game stopped with exit status {int('event=not_saved' in log)}"
    assert run.said[-3:] == [IN_ORDER[0], game, "run: db stopped with exit status 137"]
    assert_clean(run, state, "db")


def test_taken_port_is_said_before_anything_starts(
    start: Callable[..., Run], folder: Path
) -> None:
    base = free_port(*OFFSETS)
    with socket.create_server(("127.0.0.1", base + 100)):
        run = start("--port", str(base), "--state", str(folder))
        assert run.finish() == 1
    assert f"run: in use by another program: 127.0.0.1 port {base + 100}" in run.said
    assert not any("is up" in line for line in run.said)
