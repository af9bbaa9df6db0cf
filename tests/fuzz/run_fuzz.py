"""Runs one fuzz target for a few seconds from its committed corpus.

    run_fuzz.py TARGET CORPUS WORK_FOLDER [--dictionary FILE] [--part N]

The seed is printed; PC_SEED replays it, PC_FUZZ_SECONDS sets the time, of which
--part takes one part in N. What is found on the way goes to the work folder, a
crashing input too."""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
from pathlib import Path


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("target")
    parser.add_argument("corpus")
    parser.add_argument("work", type=Path)
    parser.add_argument("--dictionary")
    parser.add_argument("--part", type=int, default=1)
    options = parser.parse_args()
    seed = os.environ.get("PC_SEED") or str(random.SystemRandom().randrange(1, 2**31))
    seconds = max(int(os.environ.get("PC_FUZZ_SECONDS", "5")) // options.part, 1)
    found = options.work / "found"
    found.mkdir(parents=True, exist_ok=True)
    print(f"{Path(options.target).name}: PC_SEED={seed}", flush=True)
    ended = subprocess.run(
        [
            options.target,
            f"-seed={seed}",
            f"-max_total_time={seconds}",
            "-max_len=4096",
            "-print_final_stats=1",
            f"-artifact_prefix={options.work}/",
            *([f"-dict={options.dictionary}"] if options.dictionary else []),
            str(found),
            options.corpus,
        ],
        check=False,
    )
    return ended.returncode


if __name__ == "__main__":
    sys.exit(main())
