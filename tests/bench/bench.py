"""The benchmark. Servers are pinned to one processor and the load generator to the other; they take
turns, so that what drifts, drifts for all; every figure is a median of rounds.

    bench.py --build DIR                      every scenario
    bench.py --build DIR b c --rounds 10      some of them
    bench.py --build DIR memory | timers | codec | smoke
    bench.py --build DIR publish              the last run's tables into docs/PERFORMANCE.md

Exit status 1: a goal of what was measured does not hold; stderr says which.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import resource
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import faults
import goals
import growth
import load
import plot
import publish
import relay
import special
from load import Turns
from report import report
from results import Results
from scenarios import ALL, LADDER, SCENARIOS, Scenario
from servers import LOAD_CPU, SERVER_CPU, Server, kind

SPECIAL = {
    "i": relay.measure,
    "j": special.workers,
    "k": special.slow_readers,
    "p": special.busy_poll,
    "crowd": special.crowd,
}
TELL = (
    relay.tell,
    special.tell_workers,
    special.tell_slow_readers,
    special.tell_busy_poll,
    special.tell_crowd,
    special.tell_memory,
    growth.tell,
)
GROWTH = tuple(step.key for step in growth.STEPS)


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Measure the runtime against its peers.",
        epilog="scenarios: " + ", ".join(s.key for s in SCENARIOS) + ", l (all of them), "
        "i (relay), j (workers), k (slow readers), p (busy poll), crowd (idle ones), g or memory; "
        "alone: timers, codec, smoke, publish",
    )
    parser.add_argument("scenarios", nargs="*", help="which; none: all")
    parser.add_argument("--build", type=Path, required=True, help="build folder")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--passes", type=int, default=8, help="parts that the rounds come in")
    parser.add_argument("--more", type=int, default=12, help="such parts for goals that are unsure")
    parser.add_argument("--window", type=int, default=100, help="milliseconds measured per turn")
    parser.add_argument("--warm-up", type=int, default=40, help="milliseconds before each window")
    parser.add_argument("--engine", choices=("uring", "epoll"), help="only this engine and its raw")
    parser.add_argument("--servers", help="only these, with commas")
    parser.add_argument("--keep", action="store_true", help="the last run's results of the others")
    parser.add_argument("--out", type=Path, help="folder for results; default: in the build folder")
    return parser.parse_args(arguments)


def chosen_servers(
    options: argparse.Namespace, servers: tuple[str, ...], programs: Path
) -> list[str]:
    """Those that are wanted and were built."""
    wanted = list(servers)
    if options.servers:
        wanted = [s for s in wanted if s in options.servers.split(",")]
    elif options.engine:
        wanted = [s for s in wanted if s in (options.engine, f"raw_{options.engine}")]
    return [s for s in wanted if (programs / kind(s).program).exists()]


def measure(
    options: argparse.Namespace,
    programs: Path,
    scenario: Scenario,
    turns: Turns,
    results: Results,
) -> None:
    """Rounds of a scenario, all of whose servers run side by side."""
    turns = turns.scaled(scenario.length, scenario.rounds)
    shape = [*scenario.options, *turns.options()]
    with ExitStack() as stack:
        loads = {}
        for name in chosen_servers(options, scenario.servers, programs):
            server = stack.enter_context(Server(programs, kind(name), cpu=SERVER_CPU))
            steady = load.Steady(programs, server.port, [server.pid], shape)
            loads[name] = stack.enter_context(steady)
        for _ in range(turns.rounds):
            for name in load.drawn(loads):
                results.add(scenario.key, name, loads[name].step().values())


def measure_key(
    options: argparse.Namespace, programs: Path, key: str, turns: Turns, results: Results
) -> None:
    """One part of a pass."""
    if key in SPECIAL:
        SPECIAL[key](programs, options.engine or "uring", turns, results)
    elif key == "l":
        growth.measure(programs, chosen_servers(options, LADDER, programs), turns, results)
    elif key != "g":
        scenario = next(s for s in SCENARIOS if s.key == key)
        measure(options, programs, scenario, turns, results)


def measure_all(options: argparse.Namespace, programs: Path, results: Results) -> None:
    """Everything that is wanted, in several passes: a shared host is slow for minutes, and so that
    falls on a part of every scenario instead of on the whole of one. Then more of those in which
    a goal's limit lies within the error."""
    keys = wanted_keys(options)
    turns = Turns(options.rounds, options.warm_up, options.window)
    memory = Turns(min(options.rounds, special.MEMORY_ROUNDS), 0, 0)
    passes = min(options.passes, options.rounds)
    for number in range(passes):
        for key in keys:
            measure_key(options, programs, key, turns.share(number, passes), results)
            if key == "g":
                names = chosen_servers(options, ALL, programs)
                special.memory(programs, names, memory.share(number, passes).rounds, results)
            print(f"pass {number + 1} of {passes}: {key}", file=sys.stderr)
    for number in range(options.more):
        unsure = {v.part for v in goals.verdicts(results) if not v.is_sure}
        for key in (k for k in keys if k in unsure):
            measure_key(options, programs, key, turns.share(number % passes, passes), results)
            print(f"more rounds, {number + 1} of {options.more}: {key}", file=sys.stderr)
    for tell in TELL:
        results.facts.update(tell(results))
    if "g" in keys:
        results.facts["g: parts of a worker"] = special.parts(programs)


def wanted_keys(options: argparse.Namespace) -> list[str]:
    """Scenarios, with "l" for the whole growth."""
    known = [s.key for s in SCENARIOS]
    everything = [*(key for key in known if key not in GROWTH), "l", "g", *SPECIAL]
    keys = [{"memory": "g"}.get(key, key) for key in options.scenarios or everything]
    for key in keys:
        if key not in (*known, *everything):
            raise SystemExit(f"bench: no scenario {key}")
    return keys


def last_run(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """What is to be kept of it; nothing without --keep."""
    path = folder / "bench.json"
    if not options.keep:
        return {}
    if not path.exists():
        raise SystemExit(f"bench: --keep: there is no run to keep, {path}")
    kept: dict[str, Any] = json.loads(path.read_text())
    return kept


def save(folder: Path, run: dict[str, Any], results: Results) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    data = {
        **run, "samples": results.samples, "facts": results.facts, "again": results.again,
    }  # fmt: skip
    (folder / "bench.json").write_text(json.dumps(data, indent=1) + "\n")
    (folder / "bench.md").write_text(report(results))
    (folder / "bench.svg").write_text(plot.draw(results))
    print(report(results))
    print(f"written to {folder}")


def this_run(options: argparse.Namespace) -> dict[str, Any]:
    """When, where and how."""
    return {
        "when": time.strftime("%Y-%m-%d %H:%M:%S"), "kernel": platform.release(),
        "processor": processor(), "rounds": options.rounds, "window_ms": options.window,
    }  # fmt: skip


def processor() -> str:
    """Its name, as Linux says it."""
    match = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return match[1] if match else platform.machine()


def judge(results: Results) -> int:
    """The exit status: 1 if a goal of what was measured does not hold. Says which."""
    missed = [verdict for verdict in goals.verdicts(results) if not verdict.holds]
    for verdict in missed:
        print(f"bench: does not hold: {verdict.text()}", file=sys.stderr)
    return 1 if missed else 0


def smoke(programs: Path) -> None:
    """A moment of load on every server that was built: are all replies right? And would the load
    generator say so if they were not?"""
    faults.smoke(programs)
    moment = ("--warm-up", "10", "--window", "60")
    for scenario in SCENARIOS:
        if scenario.key not in ("c", "f", "h", "h1k", "fragments"):
            continue
        shape = [o if o != "1000" else "50" for o in scenario.options]
        for name in scenario.servers:
            if (programs / kind(name).program).exists():
                with Server(programs, kind(name), cpu="") as server:
                    load.run(programs, server.port, [server], [*shape, *moment], "")
                print(f"{scenario.key} {name}: every reply is right")
    for name in ("uring", "epoll"):
        smoke_shapes(programs, name, moment)


def smoke_shapes(programs: Path, name: str, moment: tuple[str, ...]) -> None:
    """What the load generator does in a few scenarios only: clients in turn, and lazy ones, which
    the server closes if they do not read."""
    shapes = (
        ("--clients", "40", "--in-flight", "10", "--rotations", "2"),
        ("--clients", "20", "--lazy", "2", "--lazy-reads", "1"),
        ("--clients", "20", "--lazy", "2", "--lazy-reads", "0"),
    )
    for shape in shapes:
        with Server(programs, kind(name), cpu="") as server:
            sample = load.run(programs, server.port, [server], [*shape, *moment], "")
        if (sample.broken > 0) != (shape[-2:] == ("--lazy-reads", "0")):
            raise SystemExit(f"bench: {name} closed {sample.broken} clients with {shape}")
        print(f"{' '.join(shape)} {name}: as it should be")


def raise_descriptor_limit() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def main() -> int:
    options = parse(sys.argv[1:])
    programs = options.build / "tests" / "bench"
    raise_descriptor_limit()
    if options.scenarios == ["smoke"]:
        smoke(programs)
        return 0
    if options.scenarios == ["publish"]:
        print(f"written: {publish.publish(options.out or programs / 'results')}")
        return 0
    if options.scenarios in (["timers"], ["codec"]):
        program = {"timers": "bench_timers", "codec": "bench_codecs"}[options.scenarios[0]]
        command = ["taskset", "-c", LOAD_CPU, str(programs / program)]
        return subprocess.run(command, check=False).returncode
    folder = options.out or programs / "results"
    kept = last_run(options, folder)
    results = Results(kept.pop("samples", {}), kept.pop("facts", {}), kept.pop("again", {}))
    if kept:
        results.forget(wanted_keys(options))
        results.again.update({key: options.rounds for key in wanted_keys(options)})
    measure_all(options, programs, results)
    save(folder, kept or this_run(options), results)
    return judge(results)


if __name__ == "__main__":
    sys.exit(main())
