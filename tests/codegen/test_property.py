"""Random schemas, a few of them; scripts/property tries many. See tests/property/run.py."""

from __future__ import annotations

import os
from random import SystemRandom

from support import ROOT, run

RUN = ROOT / "tests" / "property" / "run.py"


def test_codecs_agree_on_schemas_that_were_good_before() -> None:
    result = run("/usr/bin/python3", RUN, "--first", "1", "--count", "2", "--jobs", "2")
    print(result.stdout)
    assert result.returncode == 0, result.stdout + result.stderr


def test_codecs_agree_on_a_new_schema() -> None:
    """Another one each time; PC_SEED=<number> does it again."""
    seed = os.environ.get("PC_SEED") or str(SystemRandom().randrange(10**6, 10**9))
    print(f"PC_SEED={seed}")
    result = run("/usr/bin/python3", RUN, "--seed", seed, "--only", "gcc,clang,typescript,csharp")
    assert result.returncode == 0, result.stdout + result.stderr
