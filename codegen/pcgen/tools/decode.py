"""pcgen decode: frames to JSON; the work is done in interp/."""

from __future__ import annotations

import argparse

from pcgen.interp import command as interp
from pcgen.tools import command


def _arguments(parser: argparse.ArgumentParser) -> None:
    interp.add_decode(parser)
    command.add_yaml(parser)


def _run(options: argparse.Namespace) -> int:
    compiled = command.compile_or_report(options, command.yaml_of(options))
    if compiled is None or compiled.program is None:
        return command.FAILED
    return interp.run(options, compiled.program)


COMMAND = command.Command("decode", "print frames as JSON, one packet a line",
                          "pcgen decode --hex '0c00 0401 0700000000000000'",
                          _arguments, _run, interp.DECODE_MORE)
