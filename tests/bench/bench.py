"""The benchmark. Servers are pinned to one processor and the load generator to the other; they take
turns, so that what drifts, drifts for all; every figure is a median of rounds.

    bench.py --build DIR                      every scenario
    bench.py --build DIR b c --rounds 10      some of them
    bench.py --build DIR memory | timers | codec | smoke
    bench.py --build DIR publish              the last run's tables into docs/PERFORMANCE.md
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import faults
import load
import plot
import publish
import relay
import special
from results import Results, report
from scenarios import SCENARIOS, Scenario
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
    special.tell_growth,
)
GROWTH = tuple(s.key for s in SCENARIOS if s.key[0] == "l")  # measured side by side


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
    parser.add_argument("--passes", type=int, default=4, help="parts that the rounds come in")
    parser.add_argument("--window", type=int, default=100, help="milliseconds measured per turn")
    parser.add_argument("--warm-up", type=int, default=40, help="milliseconds before each window")
    parser.add_argument("--engine", choices=("uring", "epoll"), help="only this engine and its raw")
    parser.add_argument("--servers", help="only these, with commas")
    parser.add_argument("--out", type=Path, help="folder for results; default: in the build folder")
    return parser.parse_args(arguments)


def chosen_servers(options: argparse.Namespace, scenario: Scenario, programs: Path) -> list[str]:
    """Those that are wanted and were built."""
    wanted = list(scenario.servers)
    if options.servers:
        wanted = [s for s in wanted if s in options.servers.split(",")]
    elif options.engine:
        wanted = [s for s in wanted if s in (options.engine, f"raw_{options.engine}")]
    return [s for s in wanted if (programs / kind(s).program).exists()]


def measure(
    options: argparse.Namespace,
    programs: Path,
    keys: tuple[str, ...],
    rounds: int,
    results: Results,
) -> None:
    """Rounds of some scenarios, whose servers all run side by side. A server's scenarios follow one
    another, as they are compared with each other. Every other round goes backwards."""
    chosen = [s for s in SCENARIOS if s.key in keys]
    stretch = max(s.stretch for s in chosen)
    turns = [(s, name) for s in chosen for name in chosen_servers(options, s, programs)]
    turns.sort(key=lambda turn: turn[0].servers.index(turn[1]))
    with ExitStack() as stack:
        loads = {}
        for scenario, name in turns:
            server = stack.enter_context(Server(programs, kind(name), cpu=SERVER_CPU))
            shape = [*scenario.options, *window(options, stretch)]
            steady = load.Steady(programs, server.port, [server.pid], shape)
            loads[scenario.key, name] = stack.enter_context(steady)
        for number in range(rounds if stretch == 1 else -(-rounds // 2)):
            for key, name in loads if number % 2 == 0 else reversed(loads):
                results.add(key, name, loads[key, name].step().values())


def measure_all(options: argparse.Namespace, programs: Path, results: Results) -> None:
    """Everything that is wanted, in several passes: a shared host is slow for minutes, and so that
    falls on a part of every scenario instead of on the whole of one."""
    keys = wanted_keys(options)
    passes = min(options.passes, options.rounds)
    for number in range(passes):
        rounds = options.rounds * (number + 1) // passes - options.rounds * number // passes
        for key in keys:
            if key in SPECIAL:
                engine = options.engine or "uring"
                SPECIAL[key](programs, engine, rounds, window(options), results)
            elif key != "g":
                measure(options, programs, GROWTH if key == "l" else (key,), rounds, results)
            elif number == 0:
                special.memory(programs, results)
            print(f"pass {number + 1} of {passes}: {key}", file=sys.stderr)
    for tell in TELL:
        results.facts.update(tell(results))


def window(options: argparse.Namespace, stretch: int = 1) -> list[str]:
    """Options of the load generator for one turn."""
    return [
        "--warm-up", str(options.warm_up * stretch), "--window", str(options.window * stretch),
    ]  # fmt: skip


def wanted_keys(options: argparse.Namespace) -> list[str]:
    """Scenarios, with "l" for the whole growth."""
    known = [s.key for s in SCENARIOS]
    everything = [*(key for key in known if key not in GROWTH), "l", "g", *SPECIAL]
    keys = [{"memory": "g"}.get(key, key) for key in options.scenarios or everything]
    for key in keys:
        if key not in (*known, *everything):
            raise SystemExit(f"bench: no scenario {key}")
    return keys


def save(options: argparse.Namespace, programs: Path, results: Results) -> None:
    folder = options.out or programs / "results"
    folder.mkdir(parents=True, exist_ok=True)
    data = {
        "when": time.strftime("%Y-%m-%d %H:%M:%S"), "kernel": platform.release(),
        "rounds": options.rounds, "window_ms": options.window,
        "samples": results.samples, "facts": results.facts,
    }  # fmt: skip
    (folder / "bench.json").write_text(json.dumps(data, indent=1) + "\n")
    (folder / "bench.md").write_text(report(results))
    (folder / "bench.svg").write_text(plot.draw(results))
    print(report(results))
    print(f"written to {folder}")


def smoke(programs: Path) -> None:
    """A moment of load on every server that was built: are all replies right? And would the load
    generator say so if they were not?"""
    faults.smoke(programs)
    for scenario in SCENARIOS:
        if scenario.key not in ("c", "f", "h", "fragments"):
            continue
        shape = [o if o != "1000" else "50" for o in scenario.options]
        for name in scenario.servers:
            if (programs / kind(name).program).exists():
                with Server(programs, kind(name), cpu="") as server:
                    load.run(programs, server.port, [server],
                             [*shape, "--warm-up", "10", "--window", "60"], "")  # fmt: skip
                print(f"{scenario.key} {name}: every reply is right")


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
    results = Results()
    measure_all(options, programs, results)
    save(options, programs, results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
