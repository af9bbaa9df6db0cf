"""Runs one fuzz target for a few seconds from its committed corpus.

    run_fuzz.py TARGET CORPUS WORK_FOLDER

The seed is printed; PC_SEED replays it, PC_FUZZ_SECONDS sets the time. What is
found on the way goes to the work folder, a crashing input too."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path


def main(arguments: list[str]) -> int:
    target, corpus, work = arguments
    seed = os.environ.get("PC_SEED") or str(random.SystemRandom().randrange(1, 2**31))
    seconds = os.environ.get("PC_FUZZ_SECONDS", "5")
    found = Path(work) / "found"
    found.mkdir(parents=True, exist_ok=True)
    print(f"{Path(target).name}: PC_SEED={seed}", flush=True)
    ended = subprocess.run(
        [
            target,
            f"-seed={seed}",
            f"-max_total_time={seconds}",
            "-max_len=4096",
            "-print_final_stats=1",
            f"-artifact_prefix={work}/",
            str(found),
            corpus,
        ],
        check=False,
    )
    return ended.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
