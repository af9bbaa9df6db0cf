"""Starts pcgen from any folder: `python3 codegen/pcgen_main.py gen ...`."""

import gc
import sys
from pathlib import Path

gc.disable()  # a run is short, and what it makes lives to its end

sys.path.insert(0, str(Path(__file__).resolve().parent))

from pcgen.cli import main  # noqa: E402  (the path must be set first)

sys.exit(main(sys.argv[1:]))
