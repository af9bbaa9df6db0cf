"""Runs the load generator against servers and reads its result."""

from __future__ import annotations

import json
import math
import random
import socket
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from servers import LOAD_CPU, Server


@dataclass(frozen=True, slots=True)
class Sample:
    """One run of the load generator."""

    messages: int
    seconds: float
    errors: int
    p50_us: float
    p99_us: float
    p999_us: float
    cpu_ns: tuple[int, ...]  # of each server
    client_load: float  # of the load generator's processor
    segments: int  # of TCP, of the whole machine
    broken: int  # connections that the server ended since the load generator started

    @property
    def rate(self) -> float:
        return self.messages / self.seconds

    @property
    def cpu_per_message(self) -> float:
        """Nanoseconds of all servers together."""
        return sum(self.cpu_ns) / self.messages

    def values(self) -> dict[str, float]:
        """What is kept of it."""
        return {
            "cpu_ns": self.cpu_per_message,
            "rate": self.rate,
            "p50_us": self.p50_us,
            "p99_us": self.p99_us,
            "p999_us": self.p999_us,
            "client_load": self.client_load,
            "segments": self.segments / self.messages,
            "broken": self.broken,
        }


@dataclass(frozen=True, slots=True)
class Turns:
    """How often and how long servers have the load."""

    rounds: int
    warm_up_ms: int
    window_ms: int

    def options(self) -> list[str]:
        """Options of the load generator for one turn."""
        return ["--warm-up", str(self.warm_up_ms), "--window", str(self.window_ms)]

    def scaled(self, length: float, rounds: float = 1) -> Turns:
        """So many times longer, and so many times more of them."""
        return Turns(
            rounds=math.ceil(self.rounds * rounds),
            warm_up_ms=math.ceil(self.warm_up_ms * length),
            window_ms=math.ceil(self.window_ms * length),
        )

    def share(self, number: int, count: int) -> Turns:
        """The part that falls to one of some passes."""
        rounds = self.rounds * (number + 1) // count - self.rounds * number // count
        return replace(self, rounds=rounds)


def drawn(names: Iterable[str]) -> list[str]:
    """The servers of a round in an order drawn by lot. If each second round goes backwards, who is
    first or last has two turns in a row, which moved (a) by up to 3 % against who is between."""
    order = list(names)
    random.shuffle(order)
    return order


class LoadError(Exception):
    """A wrong, missing or late reply."""


def command(build: Path, port: int, pids: list[int], options: list[str], cpu: str) -> list[str]:
    """The load generator with its options."""
    pin = ["taskset", "-c", cpu] if cpu else []
    words = [*pin, str(build / "bench_load"), "--port", str(port), *options]
    for pid in pids:
        words += ["--pid", str(pid)]
    return words


def parse(text: str, options: list[str]) -> Sample:
    """A sample from the generator's line of JSON."""
    try:
        data = json.loads(text)
    except json.JSONDecodeError:
        raise LoadError(f"{' '.join(options)}: {text!r}") from None
    if data["messages"] == 0 or data["errors"] > 0:
        raise LoadError(f"{' '.join(options)}: no reply, or a wrong one: {text}")
    return Sample(
        messages=data["messages"], seconds=data["seconds"], errors=data["errors"],
        p50_us=data["p50_us"], p99_us=data["p99_us"], p999_us=data["p999_us"],
        cpu_ns=tuple(data["cpu_ns"]), client_load=data["client_load"],
        segments=data["segments"], broken=data["broken"],
    )  # fmt: skip


def run(
    build: Path, port: int, servers: list[Server], options: list[str], cpu: str = LOAD_CPU
) -> Sample:
    """Put load on a port for one window; the processor time of all servers is measured."""
    words = command(build, port, [server.pid for server in servers], options, cpu)
    result = subprocess.run(words, capture_output=True, text=True, check=False)
    return parse(result.stdout or result.stderr, options)


class Steady:
    """Clients that stay connected and put load on a port for one window whenever they are told to,
    so that servers can take turns many times a second. A context manager that ends them, and then
    raises a LoadError if a reply never came."""

    def __init__(self, build: Path, port: int, pids: list[int], options: list[str]):
        self.options = options
        self.process = subprocess.Popen(
            [*command(build, port, pids, options, LOAD_CPU), "--steps", "1"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        if self.line() != "ready\n":
            raise LoadError(f"{' '.join(options)}: the load generator did not start")

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def step(self) -> Sample:
        """One window."""
        assert self.process.stdin is not None
        self.process.stdin.write(".")
        self.process.stdin.flush()
        return parse(self.line(), self.options)

    def __enter__(self) -> Steady:
        return self

    def __exit__(self, kind: type[BaseException] | None, *unused: object) -> None:
        self.process.communicate("")
        if self.process.returncode != 0 and kind is None:
            raise LoadError(f"{' '.join(self.options)}: a reply is missing at the end")


def wait_until_open(port: int) -> None:
    """Until somebody listens at the port."""
    for _ in range(200):
        with socket.socket() as attempt:
            if attempt.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise LoadError(f"nobody listens at port {port}")
