#!/usr/bin/env python3
"""How long pcgen takes with a big protocol: 1,000 packets in one file, 60 structs, 40 enums.

    full   gen into an empty folder, everything that it can make
    edit   gen again after the bound of one field changed
    no-op  gen again with nothing changed
    check  read and resolve, write nothing

Prints the best and the median of some rounds: seconds that pass, and seconds of processor time,
which other work on the machine does not change. Goals: full under 3 s, no-op under 0.5 s; the best
processor time is held against them, which on an idle machine is what passes: pcgen is one thread
and waits for nothing. Exit status 1: a goal was missed.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TYPES = ["u8", "u16", "u32", "u64", "i32", "f32", "f64", "bool", "string<NAME_MAX>", "string<200>",
         "bytes<64>", "u32[4]", "u16[<=32]", "{type: u16, range: [1, 999]}", "u32?"]
HEAD = """protocol: big
version: 1
roles: [client, gate, game, db]
limits: {frame_max: 8192}
states:
  phase: [fresh, ready, world]
flows:
  - {flow: client -> gate, ids: 0x0100-0x7fff, states: phase}
  - {flow: gate -> client, ids: 0x8000-0xffff}
consts:
  NAME_MAX: 24
"""


GOALS_S = {"full": 3.0, "no-op": 0.5}


def _types(lines: list[str]) -> None:
    lines.append("enums:")
    for number in range(40):
        values = ", ".join(f"VALUE_{value}: {value}" for value in range(8))
        lines.append(f"  kind_{number}: {{type: u8, values: {{{values}}}}}")
    lines.append("structs:")
    for number in range(60):
        lines += [f"  part_{number}:", "    fields:", "      - x: f32", "      - y: f32",
                  f"      - kind: kind_{number % 40}", "      - name: string<NAME_MAX>"]


def schema(packets: int) -> str:
    """The same text for the same number."""
    chance = random.Random(1)
    lines = [HEAD.rstrip()]
    _types(lines)
    lines.append("packets:")
    for number in range(packets):
        up = number % 2 == 0
        first, flow = (0x100, "client -> gate") if up else (0x8000, "gate -> client")
        lines += [f"  packet_{number}:", f"    id: 0x{first + number // 2:04x}",
                  f"    flow: {flow}"]
        if up:
            lines += ["    states: [ready, world]", "    rate: {per_sec: 10, burst: 20}"]
        lines += [f"    doc: Packet number {number}.", "    fields:"]
        for field in range(chance.randint(1, 8)):
            type_ = chance.choice([*TYPES, f"part_{chance.randrange(60)}",
                                   f"kind_{chance.randrange(40)}",
                                   f"part_{chance.randrange(60)}[<=8]"])
            lines.append(f"      - field_{field}: {type_}")
    return "\n".join(lines) + "\n"


def timed(*arguments: str) -> tuple[float, float]:
    """Seconds that pass, and of the processor."""
    command = [sys.executable, "-I", "-X", f"pycache_prefix={ROOT}/build/pycache",
               str(ROOT / "codegen" / "pcgen_main.py"), *arguments]
    started = time.perf_counter()
    child = os.posix_spawn(sys.executable, command, os.environ,
                           file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)])
    _, status, usage = os.wait4(child, 0)
    if status != 0:
        raise SystemExit(f"pcgen {' '.join(arguments)} failed")
    return time.perf_counter() - started, usage.ru_utime + usage.ru_stime


def measure(folder: Path, packets: int) -> dict[str, tuple[float, float]]:
    """One round."""
    source, out = folder / "big.yaml", folder / "out"
    text = schema(packets)
    source.write_text(text)
    shutil.rmtree(out, ignore_errors=True)
    gen = ("gen", "--out", str(out), str(source))
    found = {"full": timed(*gen)}
    source.write_text(text.replace("string<200>", "string<201>", 1))
    found["edit"] = timed(*gen)
    found["no-op"] = timed(*gen)
    found["check"] = timed("check", str(source))
    return found


def verdict(what: str, best: float) -> str:
    """Behind a line of the table."""
    if what not in GOALS_S:
        return ""
    return f"{'pass' if best < GOALS_S[what] else 'FAIL'}, goal {GOALS_S[what]:g}"


def main() -> int:
    """Prints the table; what the program exits with."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packets", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        measure(Path(name), options.packets)  # fills the cache of compiled modules and templates
        rounds = [measure(Path(name), options.packets) for _ in range(options.rounds)]
        size = sum(path.stat().st_size for path in (Path(name) / "out").rglob("*")
                   if path.is_file())
    print(f"{options.packets} packets, {size / 1e6:.1f} MB of output, {options.rounds} rounds")
    print(f"{'':8} {'best':>8} {'median':>8} {'cpu best':>9} {'cpu median':>11}   seconds")
    failed = False
    for what in rounds[0]:
        wall, cpu = ([one[what][index] for one in rounds] for index in (0, 1))
        said = verdict(what, min(cpu))
        failed |= said.startswith("FAIL")
        print(f"{what:8} {min(wall):8.3f} {statistics.median(wall):8.3f} {min(cpu):9.3f} "
              f"{statistics.median(cpu):11.3f}   {said}".rstrip())
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
