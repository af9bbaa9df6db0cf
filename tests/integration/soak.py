"""Crowds that come, play and go, again and again: what do the servers keep of them?

    soak.py ROUNDS CLIENTS      one line a round, and a verdict; scripts/soak runs it for long

After the first rounds, in which pools reach their size, the number of descriptors must be the same
after each round, and private memory may not grow on."""

from __future__ import annotations

import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bot_runs import BotRun
from cluster import Cluster
from harness import Config, wait_until

SERVERS = ("db", "game", "gate")
WARM_ROUNDS = 2
PLAY_S = 3
# The first and the last round after the warm ones may differ by so much: SQLite's cache and the
# allocator's slack move that far, one leaked session a client would be many times more.
GROWTH_MAX_KIB = 512


@dataclass(frozen=True)
class Holdings:
    """What one process has from the system."""

    descriptors: int
    private_kib: int


def holdings(pid: int) -> Holdings:
    maps = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii")
    kib = sum(int(m) for m in re.findall(r"^Private_(?:Clean|Dirty): *(\d+)", maps, re.MULTILINE))
    return Holdings(len(list(Path(f"/proc/{pid}/fd").iterdir())), kib)


def one_round(cluster: Cluster, clients: int) -> dict[str, Holdings]:
    """A crowd plays and goes; what each server holds when the gate has closed its last session."""
    closed = len(cluster["gate"].events("closed", type="client"))
    BotRun(cluster.gate_text, clients, PLAY_S, "--rate", "20").finish()
    wait_until(
        lambda: len(cluster["gate"].events("closed", type="client")) == closed + clients,
        "the end of all clients' sessions",
    )
    return {name: holdings(cluster[name].process.pid) for name in SERVERS}


def complaints(rounds: list[dict[str, Holdings]], with_memory: bool) -> list[str]:
    """What grew after the warm rounds."""
    settled = rounds[WARM_ROUNDS - 1 :]
    found = []
    for name in SERVERS:
        counts = {held[name].descriptors for held in settled}
        if len(counts) > 1:
            found.append(f"{name}: descriptors {sorted(counts)}")
        growth = settled[-1][name].private_kib - settled[0][name].private_kib
        if with_memory and growth > GROWTH_MAX_KIB:
            found.append(f"{name}: private memory grew by {growth} KiB")
    return found


def soak(folder: Path, round_count: int, clients: int) -> list[dict[str, Holdings]]:
    limits: dict[str, Config] = {
        "gate": {"clients": {"sessions_max": clients + 10, "per_address_max": clients + 10}},
    }
    rounds: list[dict[str, Holdings]] = []
    with Cluster(folder, **limits).start_ready() as cluster:
        for number in range(round_count):
            rounds.append(one_round(cluster, clients))
            said = "  ".join(
                f"{name} {held.descriptors} descriptors {held.private_kib} KiB"
                for name, held in rounds[-1].items()
            )
            print(f"round {number + 1}: {said}", flush=True)
    return rounds


def main() -> int:
    round_count, clients = int(sys.argv[1]), int(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        found = complaints(soak(Path(folder), round_count, clients), with_memory=True)
    for line in found:
        print(f"soak: {line}")
    print(f"soak: {round_count} rounds of {clients} clients, {len(found)} complaints")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
