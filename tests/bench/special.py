"""The scenarios that are more than one server under one load, but for the relay. Each has a
function that measures it, called in every pass, and one that tells at the end what came out."""

from __future__ import annotations

import re
import statistics
import subprocess
from contextlib import ExitStack
from pathlib import Path

import load
import scenarios
from results import Results, number, spread
from servers import SERVER_CPU, Server, kind

IDLE_FIRST = 2000
IDLE_COUNT = 10000
CROWD = 14000
WORKER_SHAPES = ((64, 1), (64, 32), (1000, 1))
WORKER_COUNTS = ("1", "2")
LONG_WINDOW = ("--window", "500")  # where servers are started anew for each window

def workers(build: Path, engine: str, rounds: int, _window: list[str], results: Results) -> None:
    """(j) two workers against one, nothing pinned, the load generator on the same processors."""
    for _ in range(max(rounds // 3, 2)):
        for shape in WORKER_SHAPES:
            for count in WORKER_COUNTS:
                with Server(build, kind(engine), ("--workers", count), "") as server:
                    options = [*scenarios.options(*shape), *LONG_WINDOW]
                    sample = load.run(build, server.port, [server], options, "")
                    results.add(f"j {shape[0]} x {shape[1]}", count, sample.values())


def tell_workers(results: Results) -> dict[str, list[str]]:
    lines = [
        "| shape | workers | thousand per s | CPU ns | p99 us |",
        "| --- | --- | --- | --- | --- |",
    ]
    for clients, depth in WORKER_SHAPES:
        shape = f"{clients} x {depth}"
        for count, values in results.samples.get(f"j {shape}", {}).items():
            rate = spread([r / 1000 for r in values["rate"]])
            p99 = number(statistics.median(values["p99_us"]))
            lines.append(f"| {shape} | {count} | {rate} | {spread(values['cpu_ns'])} | {p99} |")
    if len(lines) == 2:
        return {}
    return {"j: two workers on two processors, load generator included": lines}


def slow_readers(
    build: Path, engine: str, rounds: int, _window: list[str], results: Results
) -> None:
    """(k) 10 of 1,000 clients send 1 KiB a millisecond; first they read the replies, then not."""
    for _ in range(max(rounds // 3, 2)):
        for reads in ("1", "0"):
            lazy = ["--lazy", "10", "--lazy-reads", reads]
            options = [*scenarios.options(1000), *lazy, *LONG_WINDOW]
            with Server(build, kind(engine), cpu=SERVER_CPU) as server:
                sample = load.run(build, server.port, [server], options)
                results.add("k", reads, sample.values())


def tell_slow_readers(results: Results) -> dict[str, list[str]]:
    lines = []
    for value in ("p50_us", "p99_us", "cpu_ns"):
        ratio = results.ratio("k", "0", "1", value)
        if ratio is None:
            return {}
        reading, stopped = (spread(results.rounds("k", reads, value)) for reads in ("1", "0"))
        lines.append(f"- {value}: all read {reading}, 10 do not {stopped}, ratio {ratio:.3f}")
    return {"k: 1 % of 1,000 clients stop reading (goal: p99 of the others <= 1.10)": lines}


def busy_poll(build: Path, engine: str, rounds: int, window: list[str], results: Results) -> None:
    """Latency with a spinning client, with and without a server that polls before it sleeps."""
    shape = [*scenarios.options(1), "--spin", "1", *window]
    with ExitStack() as stack:
        loads = {}
        for name, options in (("sleeps", ()), ("polls", ("--busy-poll", "200"))):
            server = stack.enter_context(Server(build, kind(engine), options, SERVER_CPU))
            loads[name] = stack.enter_context(load.Steady(build, server.port, [server.pid], shape))
        for _ in range(rounds):
            for name, steady in loads.items():
                results.add("p", name, steady.step().values())


def tell_busy_poll(results: Results) -> dict[str, list[str]]:
    lines = [
        f"- {name}: p50 us {spread(values['p50_us'])}, p99 us {spread(values['p99_us'])}"
        for name, values in results.samples.get("p", {}).items()
    ]
    return {"busy_poll_us, 1 connection, client spins (goal: p50 <= 8 us)": lines} if lines else {}


def crowd(build: Path, engine: str, rounds: int, window: list[str], results: Results) -> None:
    """CPU per message of 1,000 busy connections, alone and beside 14,000 that are idle."""
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
                results.add("crowd", name, steady.step().values())


def tell_crowd(results: Results) -> dict[str, list[str]]:
    ratio = results.ratio("crowd", "beside", "alone", "cpu_ns")
    if ratio is None:
        return {}
    alone, beside = (spread(results.rounds("crowd", n, "cpu_ns")) for n in ("alone", "beside"))
    return {
        f"l: 1,000 busy connections beside {CROWD:,} idle ones": [
            f"- CPU ns alone {alone}, beside them {beside}, ratio {ratio:.3f}"
        ]
    }


def tell_growth(results: Results) -> dict[str, list[str]]:
    """(l) CPU per message at 15,000 connections as a multiple of that at 1,000, of each round."""
    lines = []
    for server in scenarios.RAW:
        many = results.rounds("l15000", server, "cpu_ns")
        some = results.rounds("l1000", server, "cpu_ns")
        if many and some:
            ratios = [a / b for a, b in zip(many, some)]
            lines.append(f"- {server}: {spread(ratios)}")
    if not lines:
        return {}
    return {"l: growth, CPU per message at 15,000 / at 1,000 (goal 1.20)": lines}


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
