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

import load
import plot
import publish
import special
from results import Results, report
from scenarios import SCENARIOS, Scenario
from servers import LOAD_CPU, SERVER_CPU, Server, kind

SPECIAL = {
    "i": special.relay,
    "j": special.workers,
    "k": special.slow_readers,
    "p": special.busy_poll,
    "crowd": special.crowd,
}
GROUPS = {"l": [s.key for s in SCENARIOS if s.key[0] == "l"]}


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


def measure(options: argparse.Namespace, programs: Path, key: str, results: Results) -> None:
    """All rounds of one scenario. Every other round goes backwards."""
    scenario = next(s for s in SCENARIOS if s.key == key)
    names = chosen_servers(options, scenario, programs)
    shape = [*scenario.options, *window(options, scenario.stretch)]
    rounds = -(-options.rounds // scenario.stretch)
    with ExitStack() as stack:
        loads = {}
        for name in names:
            server = stack.enter_context(Server(programs, kind(name), cpu=SERVER_CPU))
            steady = load.Steady(programs, server.port, [server.pid], shape)
            loads[name] = stack.enter_context(steady)
        for number in range(rounds):
            for name in names if number % 2 == 0 else reversed(names):
                results.add(key, name, loads[name].step().values())
    print(f"{key}: {rounds} rounds", file=sys.stderr)


def window(options: argparse.Namespace, stretch: int = 1) -> list[str]:
    """Options of the load generator for one turn."""
    return [
        "--warm-up", str(options.warm_up * stretch), "--window", str(options.window * stretch),
    ]  # fmt: skip


def wanted_keys(options: argparse.Namespace) -> list[str]:
    known = [s.key for s in SCENARIOS]
    keys = []
    for key in options.scenarios or [*known, "g", *SPECIAL]:
        keys += GROUPS.get(key, [{"memory": "g"}.get(key, key)])
    for key in keys:
        if key not in (*known, *SPECIAL, "g"):
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
    """A moment of load on every server that was built: are all replies right?"""
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
    for key in wanted_keys(options):
        if key == "g":
            special.memory(programs, results)
        elif key in SPECIAL:
            SPECIAL[key](
                programs, options.engine or "uring", options.rounds, window(options), results
            )
        else:
            measure(options, programs, key, results)
    special.growth(results)
    save(options, programs, results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
