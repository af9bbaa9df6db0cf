"""Scenario (i): client -> gate -> game -> gate -> client, against a plain echo, and against HAProxy
in TCP mode for the one-hop part."""

from __future__ import annotations

import os
import re
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import load
import scenarios
from load import Turns
from results import Results, number, quarters, spread
from servers import LOAD_CPU, SERVER_CPU, Kind, Server, kind

DEPTHS = (1, 8)
LINKS = 16
LINK_PAYLOAD = 80  # a frame of the scenario in a frame of the link
LINK_GOAL = 0.20
ECHO, TCP, UNIX = "echo", "gate + game, tcp link", "gate + game, unix link"
UNIX_BATCH = "gate + game, unix link, SCHED_BATCH"
TCP_END = "one end of a tcp link"
# A server that is woken does not take the processor from the one that woke it, as it else would.
SCHED_BATCH = ("chrt", "--batch", "0")
GOALS = (  # depth, what, against what, how much at most
    (1, TCP, ECHO, 1.30),
    (1, "gate alone, tcp link", "HAProxy alone", 0.60),
    (8, "gate alone, tcp link", "HAProxy alone", 0.70),
)
PROBES = 3  # turns from which the batches on the link are learnt
HAPROXY = """
global
    nbthread 1
    maxconn 2000
defaults
    mode tcp
    timeout connect 5s
    timeout client 60s
    timeout server 60s
listen relay
    bind 127.0.0.1:{front}
    server peer 127.0.0.1:{back}
"""


class Stage:
    """The servers of one shape, and a load generator for each."""

    def __init__(self, stack: ExitStack, build: Path, engine: str, turns: Turns):
        self.stack = stack
        self.build = build
        self.engine = engine
        self.window = turns.options()

    def server(
        self, what: Kind, *options: str, cpu: str = SERVER_CPU, launcher: tuple[str, ...] = ()
    ) -> Server:
        return self.stack.enter_context(Server(self.build, what, options, cpu, launcher))

    def clients(self, port: int, pids: list[int], *options: str) -> load.Steady:
        words = [*options, *self.window]
        return self.stack.enter_context(load.Steady(self.build, port, pids, words))

    def address(self, link: str) -> str:
        """Where a server listens for a link of this kind."""
        if link == "tcp":
            return "127.0.0.1:0"
        return f"unix:{self.stack.enter_context(tempfile.TemporaryDirectory())}/link"

    def echo(self, depth: int) -> load.Steady:
        """Clients of one server."""
        server = self.server(kind(self.engine))
        return self.clients(server.port, [server.pid], *scenarios.options(64, depth))

    def relay(self, depth: int, link: str, launcher: tuple[str, ...] = ()) -> load.Steady:
        """Clients of a gate with a game behind it, both on one processor, both measured. Only their
        sum is known: this kernel charges a process with what ran between its being woken and its
        turn."""
        gate, game = self.gate_and_game(link, SERVER_CPU, launcher)
        shape = scenarios.options(64, depth)
        return self.clients(gate.port, [gate.pid, game.pid], *shape, "--far", "1")

    def gate_alone(self, depth: int, link: str) -> load.Steady:
        """The same, but the gate has its processor for itself, and only it is measured."""
        gate, _ = self.gate_and_game(link, LOAD_CPU)
        return self.clients(gate.port, [gate.pid], *scenarios.options(64, depth), "--far", "1")

    def gate_and_game(
        self, link: str, game_cpu: str, launcher: tuple[str, ...] = ()
    ) -> tuple[Server, Server]:
        listen = self.address(link)
        what = Kind("game", "bench_game", ("--engine", self.engine, "--listen", listen))
        game = self.server(what, cpu=game_cpu, launcher=launcher)
        target = f"127.0.0.1:{game.port}" if link == "tcp" else listen
        return self.server(kind(self.engine), "--game", target, launcher=launcher), game

    def haproxy_alone(self, depth: int) -> load.Steady:
        """Clients of HAProxy on a processor of its own, with a bare server behind it."""
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        peer = self.server(kind("raw_uring"), cpu=LOAD_CPU)
        front, process = self.stack.enter_context(haproxy(folder, peer.port))
        return self.clients(front, [process.pid], *scenarios.options(64, depth))

    def link_end(self, batch: int, link: str) -> load.Steady:
        """One end of the link by itself: batches as large as the relay's, over some links, so that
        nobody sleeps between them."""
        listen = self.address(link)
        server = self.server(kind(self.engine), "--listen", listen)
        shape = scenarios.options(LINKS, batch, LINK_PAYLOAD)
        path = () if link == "tcp" else ("--path", listen.removeprefix("unix:"))
        return self.clients(server.port, [server.pid], *shape, *path)


def measure(build: Path, engine: str, turns: Turns, results: Results) -> None:
    """What is compared with each other follows one another."""
    for depth in DEPTHS:
        batch = link_batch(build, engine, turns, depth)
        results.add(f"i{depth}", "batches on the link", {"messages": batch})
        with ExitStack() as stack:
            stage = Stage(stack, build, engine, turns)
            loads = {
                ECHO: stage.echo(depth),
                TCP: stage.relay(depth, "tcp"),
                UNIX: stage.relay(depth, "unix"),
                UNIX_BATCH: stage.relay(depth, "unix", SCHED_BATCH),
                TCP_END: stage.link_end(batch, "tcp"),
                "one end of a unix link": stage.link_end(batch, "unix"),
                "gate alone, tcp link": stage.gate_alone(depth, "tcp"),
            }
            if shutil.which("haproxy") is not None:
                loads["HAProxy alone"] = stage.haproxy_alone(depth)
            loads["gate alone, unix link"] = stage.gate_alone(depth, "unix")
            for turn in range(2 * turns.rounds):  # what a link saves is little of what is measured
                for name in loads if turn % 2 == 0 else reversed(loads):
                    results.add(f"i{depth}", name, loads[name].step().values())


def link_batch(build: Path, engine: str, turns: Turns, depth: int) -> int:
    """Messages in a send over the link, both ways taken together, as the game has counted them."""
    with ExitStack() as stack:
        stage = Stage(stack, build, engine, turns)
        gate, game = stage.gate_and_game("tcp", SERVER_CPU)
        clients = stage.clients(gate.port, [], *scenarios.options(64, depth), "--far", "1")
        for _ in range(PROBES):
            clients.step()
    counts = {name: int(count) for name, count in re.findall(r"(\w+) (\d+)", game.said)}
    packets = counts["received"] + counts["sent"]
    return max(round(packets / (counts["receives"] + counts["sends"])), 1)


@contextmanager
def haproxy(folder: Path, back: int) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """A running HAProxy in TCP mode in front of a port."""
    front = 20000 + os.getpid() % 10000
    config = folder / "haproxy.cfg"
    config.write_text(HAPROXY.format(front=front, back=back))
    process = subprocess.Popen(
        ["taskset", "-c", SERVER_CPU, "haproxy", "-db", "-f", str(config)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        load.wait_until_open(front)
        yield front, process
    finally:
        process.kill()
        process.wait()


def tell(results: Results) -> dict[str, list[str]]:
    if "i1" not in results.samples:
        return {}
    lines = ["| shape | what | CPU ns per message | p50 us |", "| --- | --- | --- | --- |"]
    for depth in DEPTHS:
        for name, values in results.samples[f"i{depth}"].items():
            if "cpu_ns" not in values:
                continue
            p50 = number(statistics.median(values["p50_us"]))
            lines.append(f"| 64 x {depth} | {name} | {spread(values['cpu_ns'])} | {p50} |")
    lines.append("")
    return {"i: relay": lines + [link_saving(results, depth) for depth in DEPTHS]}


def falls(results: Results, depth: int, path: str = UNIX) -> list[float]:
    """By how many nanoseconds a path instead of loopback TCP lets the CPU of a relay fall, in each
    round."""
    tcp, unix = (results.rounds(f"i{depth}", name, "cpu_ns") for name in (TCP, path))
    return [a - b for a, b in zip(tcp, unix)]


def saved_of_relay(results: Results, depth: int, path: str = UNIX) -> list[float]:
    """The same of all that a relay costs beyond an echo to the same clients (decision 107)."""
    tcp, echo = (results.rounds(f"i{depth}", name, "cpu_ns") for name in (TCP, ECHO))
    return [fall / (a - b) for fall, a, b in zip(falls(results, depth, path), tcp, echo)]


def saved_of_ends(results: Results, depth: int) -> list[float]:
    """The same of what both ends of a TCP link cost by themselves."""
    ends = results.rounds(f"i{depth}", TCP_END, "cpu_ns")
    return [fall / (2 * end) for fall, end in zip(falls(results, depth), ends)]


# What is the link's part: its name, the third server that it is told by, and what is saved of it.
LINK_PARTS: tuple[tuple[str, str, Callable[[Results, int], list[float]]], ...] = (
    ("what the relay adds", ECHO, saved_of_relay),
    ("both ends of a TCP link", TCP_END, saved_of_ends),
)


def link_saving(results: Results, depth: int) -> str:
    """The saving in nanoseconds and as parts, with quartiles."""
    batch = statistics.median(results.rounds(f"i{depth}", "batches on the link", "messages"))
    low, middle, high = quarters(falls(results, depth))
    part_low, part, part_high = quarters(saved_of_relay(results, depth))
    of_ends = statistics.median(saved_of_ends(results, depth))
    text = (
        f"- 64 x {depth}: with a unix link {number(middle)} ns less ({number(low)}.."
        f"{number(high)}), that is {part:.0%} ({part_low:.0%}..{part_high:.0%}) of what the relay "
        f"costs beyond an echo, and {of_ends:.0%} of both ends of a TCP link by themselves, "
        f"{batch:.0f} messages in a batch, goals {LINK_GOAL:.0%}"
    )
    with_batch = saved_of_relay(results, depth, UNIX_BATCH)
    if with_batch:
        text += f"; {statistics.median(with_batch):.0%} if both servers run as SCHED_BATCH"
    return text
