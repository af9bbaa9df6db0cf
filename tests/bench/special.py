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
from load import Turns
from results import Results, number, quartiles, spread
from servers import SERVER_CPU, Server, kind

IDLE_FIRST = 2000
IDLE_COUNT = 10000
MEMORY_ROUNDS = 5
LAZY_COUNT = 10  # of 1,000
LAZY_STRETCH = 4  # times the usual window: a lazy client is closed after half a second
CROWD = 14000
WORKER_SHAPES = ((64, 1), (64, 32), (1000, 1))
WORKER_COUNTS = ("1", "2")
LONG_WINDOW = ("--window", "500")  # where servers are started anew for each window
POLLS = ("--busy-poll", "200")
POLLS_RENO = (*POLLS, "--congestion", "reno")  # the rest has the system's congestion control
POLL_RATIOS = (
    ("polls, reno", "polls"),
    ("polls", "raw_uring polls"),
    ("epoll polls", "raw_epoll polls"),
    ("polls", "recv and send alone"),
)


def workers(build: Path, engine: str, turns: Turns, results: Results) -> None:
    """(j) two workers against one, nothing pinned, the load generator on the same processors."""
    for _ in range(max(turns.rounds // 3, 2)):
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


def slow_readers(build: Path, engine: str, turns: Turns, results: Results) -> None:
    """(k) 10 of 1,000 clients send 2 KiB a millisecond each. On one server they read the replies;
    on the other they do not, are closed for it, and come again."""
    shape = [
        *scenarios.options(scenarios.MANY), "--lazy", str(LAZY_COUNT),
        *turns.scaled(LAZY_STRETCH).options(),
    ]  # fmt: skip
    servers, loads = {}, {}
    with ExitStack() as stack:
        for reads in ("1", "0"):
            servers[reads] = stack.enter_context(Server(build, kind(engine), cpu=SERVER_CPU))
            options = [*shape, "--lazy-reads", reads]
            server = servers[reads]
            steady = load.Steady(build, server.port, [server.pid], options)
            loads[reads] = stack.enter_context(steady)
        for turn in range(turns.rounds):
            for reads in loads if turn % 2 == 0 else reversed(loads):
                values = loads[reads].step().values()
                check_stress(reads, values["broken"])
                results.add("k", reads, values)
    closed = re.search(r"^closed slow_consumer (\d+)$", servers["0"].said, re.MULTILINE)
    if closed is None:
        raise load.LoadError("no lazy client was closed as a slow consumer")
    results.add("k", "0", {"closed": float(closed[1])})


def check_stress(reads: str, broken: float) -> None:
    """Who reads is not closed; who does not has been, before the window began."""
    if reads == "1" and broken > 0:
        raise load.LoadError(f"{broken:.0f} clients that read were closed")
    if reads == "0" and broken < LAZY_COUNT:
        raise load.LoadError("clients that do not read put no stress on the server")


def tell_slow_readers(results: Results) -> dict[str, list[str]]:
    lines = []
    for value in ("p50_us", "p99_us", "cpu_ns"):
        ratios = results.ratios("k", "0", "1", value)
        if not ratios:
            return {}
        reading, stopped = (spread(results.rounds("k", reads, value)) for reads in ("1", "0"))
        lines.append(
            f"- {value}: all read {reading}, {LAZY_COUNT} do not {stopped}, "
            f"ratio {quartiles(ratios)}"
        )
    closed = sum(results.rounds("k", "0", "closed"))
    lines.append(f"- they were closed as slow consumers and came again {closed:.0f} times")
    return {"k: 1 % of 1,000 clients stop reading (goal: p99 of the others <= 1.10)": lines}


def busy_poll(build: Path, engine: str, turns: Turns, results: Results) -> None:
    """Latency with a spinning client, with servers that sleep and that poll before they sleep."""
    shape = [*scenarios.options(1), "--spin", "1", *turns.options()]
    kinds: dict[str, tuple[str, tuple[str, ...]]] = {
        "sleeps": (engine, ()),
        "polls": (engine, POLLS),
        "polls, reno": (engine, POLLS_RENO),
        "raw_uring polls": ("raw_uring", ("--spin",)),
        "epoll polls": ("epoll", POLLS),
        "raw_epoll polls": ("raw_epoll", ("--spin",)),
        "recv and send alone": ("no_server", ()),
    }
    with ExitStack() as stack:
        loads = {}
        for name, (server_name, options) in kinds.items():
            server = stack.enter_context(Server(build, kind(server_name), options, SERVER_CPU))
            loads[name] = stack.enter_context(load.Steady(build, server.port, [server.pid], shape))
        for _ in range(turns.rounds):
            for name in load.drawn(loads):
                results.add("p", name, loads[name].step().values())


def tell_busy_poll(results: Results) -> dict[str, list[str]]:
    lines = [
        f"- {name}: p50 us {spread(values['p50_us'])}, p99 us {spread(values['p99_us'])}"
        for name, values in results.samples.get("p", {}).items()
    ]
    for ours, theirs in POLL_RATIOS:
        ratios = results.ratios("p", ours, theirs, "p50_us")
        if ratios:
            lines.append(f"- p50 of {ours} / {theirs}: {quartiles(ratios)}")
    return {"busy_poll_us, 1 connection, client spins (goal: p50 <= 8 us)": lines} if lines else {}


def crowd(build: Path, engine: str, turns: Turns, results: Results) -> None:
    """CPU per message of 1,000 busy connections, alone and beside 14,000 that are idle."""
    shape = [*scenarios.options(scenarios.MANY), *turns.options()]
    with ExitStack() as stack:
        loads = {}
        for name, idle in (("alone", 0), ("beside", CROWD)):
            server = stack.enter_context(Server(build, kind(engine), cpu=SERVER_CPU))
            if idle > 0:
                stack.callback(hold(build, server, idle).communicate, "")
            loads[name] = stack.enter_context(load.Steady(build, server.port, [server.pid], shape))
        for _ in range(turns.rounds):
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


def memory(build: Path, names: list[str], rounds: int, results: Results) -> None:
    """(g) user memory of a server with idle connections, each of which did one echo. What a worker
    needs by itself is there with the first 2,000; the others show what one connection adds."""
    for turn in range(rounds):
        for name in names if turn % 2 == 0 else reversed(names):
            results.add("g", name, memory_of(build, name))


def memory_of(build: Path, name: str) -> dict[str, float]:
    """One server, from its start to 10,000 connections."""
    with Server(build, kind(name)) as server:
        started = private_kib(server.pid)
        holders = [hold(build, server, IDLE_FIRST)]
        first = private_kib(server.pid)
        holders.append(hold(build, server, IDLE_COUNT - IDLE_FIRST))
        full = private_kib(server.pid)
        for holder in holders:
            holder.communicate("")
    each = (full - first) * 1024 / (IDLE_COUNT - IDLE_FIRST)
    return {"bytes": each, "kib_started": started, "kib_first": first, "kib_full": full}


def tell_memory(results: Results) -> dict[str, list[str]]:
    lines = [
        f"| server | bytes per connection, {IDLE_FIRST:,} to {IDLE_COUNT:,} (least..greatest) "
        f"| KiB when started | KiB with {IDLE_FIRST:,} | KiB with {IDLE_COUNT:,} |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, values in results.samples.get("g", {}).items():
        kib = (statistics.median(values[f"kib_{part}"]) for part in ("started", "first", "full"))
        cells = [spread(values["bytes"]), *(f"{middle:,.0f}" for middle in kib)]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return {"g: memory of idle connections (goal 512 bytes)": lines} if len(lines) > 2 else {}


def parts(build: Path) -> list[str]:
    """What one worker of each engine is made of, as the structs and the allocator say."""
    program = build / "bench_parts"
    return subprocess.run([program], capture_output=True, text=True, check=True).stdout.splitlines()
