"""The servers of the comparison: how each is started, stopped and pinned."""

from __future__ import annotations

import re
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

SERVER_CPU = "0"
LOAD_CPU = "1"
START_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Kind:
    """A server program: its name in the tables, its executable and its options."""

    name: str
    program: str
    options: tuple[str, ...] = ()


KINDS = (
    Kind("uring", "bench_gate", ("--engine", "uring")),
    Kind("epoll", "bench_gate", ("--engine", "epoll")),
    Kind("raw_uring", "bench_raw_uring"),
    Kind("raw_epoll", "bench_raw_epoll"),
    Kind("no_server", "bench_no_server"),
    Kind("libuv", "bench_libuv"),
    Kind("libuv_naive", "bench_libuv", ("--naive",)),
    Kind("libevent", "bench_libevent"),
    Kind("asio", "bench_asio"),
)


def kind(name: str) -> Kind:
    """The kind of a name."""
    return next(k for k in KINDS if k.name == name)


class Server:
    """A running server; a context manager that ends it. What it has said then is in said."""

    def __init__(
        self,
        build: Path,
        what: Kind,
        options: tuple[str, ...] = (),
        cpu: str = "0",
        launcher: tuple[str, ...] = (),
    ):
        self.said = ""
        self.output = tempfile.TemporaryFile("w+")
        pin = ["taskset", "-c", cpu, *launcher] if cpu else [*launcher]
        self.process = subprocess.Popen(
            [*pin, str(build / what.program), *what.options, *options],
            stdout=self.output, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.port = self.wait_for_port(what)

    @property
    def pid(self) -> int:
        return self.process.pid

    def text(self) -> str:
        self.output.seek(0)
        return self.output.read()

    def wait_for_port(self, what: Kind) -> int:
        """The port that the server says it listens on."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            match = re.search(r"^port (\d+)$", self.text(), re.MULTILINE)
            if match:
                time.sleep(0.05)  # the workers start after the port is known
                return int(match[1])
            if self.process.poll() is not None:
                break
            time.sleep(0.01)
        self.process.kill()
        raise RuntimeError(f"{what.name} did not start:\n{self.text()}")

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *unused: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.said = self.text()
        self.output.close()
