"""pcgen manifest: which files gen would write, for CMake, which asks when it configures."""

from __future__ import annotations

import argparse
from pathlib import Path

from pcgen.tools import command
from pcgen.tools.generated import outputs_or_report


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cmake", type=Path, required=True, help="the file to write")
    command.add_yaml(parser)


def _run(options: argparse.Namespace) -> int:
    from pcgen import writer

    made = outputs_or_report(options)
    if made is None:
        return command.FAILED
    writer.write_if_changed(options.cmake, writer.manifest_cmake(made.outputs))
    return command.OK


COMMAND = command.Command("manifest", "write which files gen would write, for CMake",
                          "pcgen manifest --cmake build/manifest.cmake protocol/*.yaml",
                          _arguments, _run)
