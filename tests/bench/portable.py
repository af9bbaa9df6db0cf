#!/usr/bin/python3
"""Puts bench_clients on the servers that run on every system, in turn, A B A B.

    python portable.py [--rounds N] [--window MS] FOLDER

FOLDER has the programs: build/release/tests/bench, or on Windows that of the mingw preset. On
Windows this needs only Python. Every reply is checked; the exit status says whether all were right.
PORTCULLIS_RUNNER runs the programs, where they are not the system's own.
"""

from __future__ import annotations

import argparse
import os
import queue
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO

RUNNER = os.environ.get("PORTCULLIS_RUNNER", "").split()
PATIENCE = 60.0
SHAPES = ((64, 1), (64, 32))


def program(folder: Path, name: str) -> Path | None:
    """Its file, if it was built."""
    found = [path for path in (folder / name, folder / f"{name}.exe") if path.is_file()]
    return found[0] if found else None


def first_line(stdout: IO[str]) -> str:
    """What a server says first, or a TimeoutError."""
    lines: queue.Queue[str] = queue.Queue()
    threading.Thread(target=lambda: lines.put(stdout.readline()), daemon=True).start()
    try:
        return lines.get(timeout=PATIENCE)
    except queue.Empty:
        raise TimeoutError("the server says no port") from None


def measure(server: Path, clients: Path, options: list[str]) -> bool:
    """One server under one load. The result goes to stdout; true if every reply was right."""
    process = subprocess.Popen([*RUNNER, str(server)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        match = re.match(r"port (\d+)", first_line(process.stdout))
        if match is None:
            raise RuntimeError(f"{server.name} did not start")
        command = [*RUNNER, str(clients), "--server", f"127.0.0.1:{match[1]}", *options]
        run = subprocess.run(command, capture_output=True, text=True, timeout=2 * PATIENCE)
        print(f"{server.stem}: {run.stdout.strip()} {run.stderr.strip()}".rstrip(), flush=True)
        return run.returncode == 0
    finally:
        process.kill()
        process.wait(PATIENCE)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--window", type=int, default=3000, help="milliseconds of each run")
    options = parser.parse_args()
    clients = program(options.folder, "bench_clients")
    servers = [program(options.folder, name) for name in ("bench_gate", "bench_libuv")]
    if clients is None or servers[0] is None:
        print(f"portable: bench_clients and bench_gate are not in {options.folder}")
        return 2
    is_right = True
    for _ in range(options.rounds):
        for count, depth in SHAPES:
            shape = ["--clients", str(count), "--depth", str(depth)]
            for server in filter(None, servers):
                window = ["--window", str(options.window)]
                is_right = measure(server, clients, [*shape, *window]) and is_right
    return 0 if is_right else 1


if __name__ == "__main__":
    sys.exit(main())
