"""The scenarios that are more than one server under one load."""

from __future__ import annotations

import os
import re
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import load
import scenarios
from results import Results, number, spread
from servers import SERVER_CPU, Kind, Server, kind

IDLE_FIRST = 2000
IDLE_COUNT = 10000
CROWD = 14000
LONG_WINDOW = ("--window", "500")  # where servers are started anew for each window
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


def relay(build: Path, engine: str, rounds: int, window: list[str], results: Results) -> None:
    """(i) client -> gate -> game -> gate -> client, against a plain echo and against HAProxy."""
    for clients, depth in ((64, 1), (64, 8)):
        shape = [*scenarios.options(clients, depth), *window]
        with ExitStack() as stack:
            loads = {"echo": plain(stack, build, kind(engine), shape)}
            for link in ("tcp", "unix"):
                suffix = "" if link == "tcp" else ", unix link"
                loads["gate + game" + suffix] = relayed(stack, build, engine, link, shape)
            if shutil.which("haproxy") is not None:
                loads["haproxy"] = proxied(stack, build, shape)
            for number in range(rounds):
                for name in loads if number % 2 == 0 else reversed(loads):
                    sample = loads[name].step()
                    results.add(f"i{depth}", name, sample.values())
                    if name.startswith("gate + game"):
                        alone = {**sample.values(), "cpu_ns": sample.cpu_ns[0] / sample.messages}
                        results.add(f"i{depth}", name.replace("+ game", "alone"), alone)
    results.facts["i: relay"] = relay_lines(results)


def plain(stack: ExitStack, build: Path, what: Kind, shape: list[str]) -> load.Steady:
    """Clients of one server."""
    server = stack.enter_context(Server(build, what, cpu=SERVER_CPU))
    return stack.enter_context(load.Steady(build, server.port, [server.pid], shape))


def relayed(
    stack: ExitStack, build: Path, engine: str, link: str, shape: list[str]
) -> load.Steady:
    """Clients of a gate with a game behind it, linked over loopback TCP or over a path."""
    path = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "game"
    listen = "127.0.0.1:0" if link == "tcp" else f"unix:{path}"
    what = Kind("game", "bench_game", ("--engine", engine, "--listen", listen))
    game = stack.enter_context(Server(build, what, cpu=SERVER_CPU))
    target = f"127.0.0.1:{game.port}" if link == "tcp" else listen
    gate = stack.enter_context(Server(build, kind(engine), ("--game", target), SERVER_CPU))
    pids = [gate.pid, game.pid]
    return stack.enter_context(load.Steady(build, gate.port, pids, [*shape, "--far", "1"]))


def proxied(stack: ExitStack, build: Path, shape: list[str]) -> load.Steady:
    """Clients of HAProxy with a bare server behind it; only HAProxy is measured."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    peer = stack.enter_context(Server(build, kind("raw_uring"), cpu=SERVER_CPU))
    front, process = stack.enter_context(haproxy(folder, peer.port))
    return stack.enter_context(load.Steady(build, front, [process.pid], shape))


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


def relay_lines(results: Results) -> list[str]:
    lines = ["| shape | process | CPU ns per message | p50 us |", "| --- | --- | --- | --- |"]
    for key in ("i1", "i8"):
        for name, values in results.samples.pop(key).items():
            results.samples.setdefault("_" + key, {})[name] = values
            p50 = number(statistics.median(values["p50_us"]))
            lines.append(f"| 64 x {key[1:]} | {name} | {spread(values['cpu_ns'])} | {p50} |")
    lines.append("")
    for key, ours, theirs, goal in (
        ("_i1", "gate + game", "echo", 1.30),
        ("_i1", "gate alone", "haproxy", 0.60),
        ("_i8", "gate alone", "haproxy", 0.70),
    ):
        ratio = results.ratio(key, ours, theirs, "cpu_ns")
        if ratio is not None:
            holds = "holds" if round(ratio, 2) <= goal else "**does not hold**"
            what = f"64 x {key[2:]}: {ours} / {theirs}"
            lines.append(f"- {what} {ratio:.2f}, goal {goal:.2f}: {holds}")
    return lines + [link_saving(results, key) for key in ("_i1", "_i8")]


def link_saving(results: Results, key: str) -> str:
    """How much of the link's part of the CPU, that is of what a relay costs beyond an echo, a path
    saves: the median over the rounds."""
    samples = results.samples[key]
    rounds = zip(
        samples["echo"]["cpu_ns"],
        samples["gate + game"]["cpu_ns"],
        samples["gate + game, unix link"]["cpu_ns"],
        strict=True,
    )
    saved = statistics.median((tcp - path) / (tcp - echo) for echo, tcp, path in rounds)
    holds = "holds" if saved >= 0.20 else "**does not hold**"
    return f"- 64 x {key[2:]}: a unix link saves {saved:.0%} of the link's part, goal 20%: {holds}"


def workers(
    build: Path, engine: str, rounds: int, _window: list[str], results: Results
) -> None:
    """(j) two workers against one, nothing pinned, the load generator on the same processors."""
    collected = Results()
    for _ in range(max(rounds // 4, 2)):
        for shape in ((64, 1), (64, 32), (1000, 1)):
            for count in ("1", "2"):
                with Server(build, kind(engine), ("--workers", count), "") as server:
                    options = [*scenarios.options(*shape), *LONG_WINDOW]
                    sample = load.run(build, server.port, [server], options, "")
                    collected.add(f"{shape[0]} x {shape[1]}", count, sample.values())
    lines = [
        "| shape | workers | thousand per s | CPU ns | p99 us |",
        "| --- | --- | --- | --- | --- |",
    ]
    for shape_name, counts in collected.samples.items():
        for count, values in counts.items():
            rate = spread([r / 1000 for r in values["rate"]])
            p99 = number(statistics.median(values["p99_us"]))
            cpu = spread(values["cpu_ns"])
            lines.append(f"| {shape_name} | {count} | {rate} | {cpu} | {p99} |")
    results.facts["j: two workers on two processors, load generator included"] = lines


def slow_readers(
    build: Path, engine: str, rounds: int, _window: list[str], results: Results
) -> None:
    """(k) 10 of 1,000 clients send 1 KiB a millisecond; first they read the replies, then not."""
    collected = Results()
    for _ in range(max(rounds // 4, 2)):
        for reads in ("1", "0"):
            lazy = ["--lazy", "10", "--lazy-reads", reads]
            options = [*scenarios.options(1000), *lazy, *LONG_WINDOW]
            with Server(build, kind(engine), cpu=SERVER_CPU) as server:
                sample = load.run(build, server.port, [server], options)
                collected.add("k", reads, sample.values())
    lines = []
    for value in ("p50_us", "p99_us", "cpu_ns"):
        reading, stopped = (collected.rounds("k", reads, value) for reads in ("1", "0"))
        ratio = collected.ratio("k", "0", "1", value) or 0.0
        lines.append(f"- {value}: all read {spread(reading)}, 10 do not {spread(stopped)}, "
                     f"ratio {ratio:.3f}")  # fmt: skip
    results.facts["k: 1 % of 1,000 clients stop reading (goal: p99 of the others <= 1.10)"] = lines


def busy_poll(build: Path, engine: str, rounds: int, window: list[str], results: Results) -> None:
    """Latency with a spinning client, with and without a server that polls before it sleeps."""
    collected = Results()
    shape = [*scenarios.options(1), "--spin", "1", *window]
    with ExitStack() as stack:
        loads = {}
        for name, options in (("sleeps", ()), ("polls", ("--busy-poll", "200"))):
            server = stack.enter_context(Server(build, kind(engine), options, SERVER_CPU))
            loads[name] = stack.enter_context(load.Steady(build, server.port, [server.pid], shape))
        for _ in range(rounds):
            for name, steady in loads.items():
                collected.add("p", name, steady.step().values())
    results.facts["busy_poll_us, 1 connection, client spins (goal: p50 <= 8 us)"] = [
        f"- {name}: p50 us {spread(values['p50_us'])}, p99 us {spread(values['p99_us'])}"
        for name, values in collected.samples["p"].items()
    ]


def crowd(build: Path, engine: str, rounds: int, window: list[str], results: Results) -> None:
    """CPU per message of 1,000 busy connections, alone and beside 14,000 that are idle."""
    collected = Results()
    shape = [*scenarios.options(1000), *window]
    with ExitStack() as stack:
        loads = {}
        for name, idle in (("alone", 0), ("beside", CROWD)):
            server = stack.enter_context(Server(build, kind(engine), cpu=SERVER_CPU))
            if idle > 0:
                stack.callback(hold(build, server, idle).communicate, "")
            loads[name] = stack.enter_context(load.Steady(build, server.port, [server.pid], shape))
        for _ in range(rounds):
            for name, steady in loads.items():
                collected.add("crowd", name, steady.step().values())
    ratio = collected.ratio("crowd", "beside", "alone", "cpu_ns") or 0.0
    results.facts[f"l: 1,000 busy connections beside {CROWD:,} idle ones"] = [
        f"- CPU ns alone {spread(collected.rounds('crowd', 'alone', 'cpu_ns'))}, "
        f"beside them {spread(collected.rounds('crowd', 'beside', 'cpu_ns'))}, ratio {ratio:.3f}"
    ]


def growth(results: Results) -> None:
    """(l) CPU per message at 15,000 connections as a multiple of that at 1,000."""
    lines = []
    for server in scenarios.RAW:
        many = results.rounds("l15000", server, "cpu_ns")
        some = results.rounds("l1000", server, "cpu_ns")
        if many and some:
            ratio = statistics.median(a / b for a, b in zip(many, some))
            lines.append(f"- {server}: {ratio:.2f}")
    if lines:
        results.facts["l: growth, CPU per message at 15,000 / at 1,000 (goal 1.20)"] = lines


def private_kib(pid: int) -> int:
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return sum(int(m) for m in re.findall(r"^Private_(?:Clean|Dirty): *(\d+)", text, re.MULTILINE))


def hold(build: Path, server: Server, count: int) -> subprocess.Popen[str]:
    """Clients that have had an echo each and keep still until their stdin ends."""
    holder = subprocess.Popen(
        [str(build / "bench_load"), "--port", str(server.port), "--mode", "hold",
         "--clients", str(count)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert holder.stdout is not None
    said = holder.stdout.readline()
    if f'"held": {count}' not in said:
        raise load.LoadError(f"{count} idle clients: {said}")
    return holder


def memory(build: Path, results: Results) -> None:
    """(g) user memory of a server with idle connections, each of which did one echo. What a worker
    needs by itself is there with the first 2,000; the others show what one connection adds."""
    lines = [
        f"| server | bytes per connection, {IDLE_FIRST:,} to {IDLE_COUNT:,} | KiB when started "
        f"| KiB with {IDLE_FIRST:,} | KiB with {IDLE_COUNT:,} |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name in scenarios.ALL:
        if not (build / kind(name).program).exists():
            continue
        with Server(build, kind(name)) as server:
            started = private_kib(server.pid)
            holders = [hold(build, server, IDLE_FIRST)]
            first = private_kib(server.pid)
            holders.append(hold(build, server, IDLE_COUNT - IDLE_FIRST))
            full = private_kib(server.pid)
            for holder in holders:
                holder.communicate("")
        each = (full - first) * 1024 / (IDLE_COUNT - IDLE_FIRST)
        lines.append(f"| {name} | {each:,.0f} | {started:,} | {first:,} | {full:,} |")
    results.facts["g: memory of idle connections (goal 512 bytes)"] = lines
    results.facts["g: parts of a worker"] = parts(build)


def parts(build: Path) -> list[str]:
    """What one worker of each engine is made of, as the structs and the allocator say."""
    program = build / "bench_parts"
    return subprocess.run([program], capture_output=True, text=True, check=True).stdout.splitlines()
