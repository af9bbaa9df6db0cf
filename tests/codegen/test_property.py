"""Random schemas, a few of them; scripts/property tries many. See tests/property/run.py. What they
become is compiled for Windows too; tests/property/CMakeLists.txt runs that under Wine."""

from __future__ import annotations

import os
from random import SystemRandom

import pytest
from support import ROOT, run

RUN = ROOT / "tests" / "property" / "run.py"


@pytest.mark.parametrize("seed", [
    2,  # a packet of nothing but secrets did not compile
    402,  # an unlisted value of a signed enum was printed as another number
])
def test_codecs_agree_on_schemas_that_failed_once(seed: int) -> None:
    result = run("/usr/bin/python3", RUN, "--seed", str(seed))
    assert result.returncode == 0, result.stdout + result.stderr


def test_codecs_agree_on_a_new_schema() -> None:
    """Another one each time; PC_SEED=<number> does it again."""
    seed = os.environ.get("PC_SEED") or str(SystemRandom().randrange(10**6, 10**9))
    print(f"PC_SEED={seed}")
    result = run("/usr/bin/python3", RUN, "--seed", seed)
    assert result.returncode == 0, result.stdout + result.stderr
