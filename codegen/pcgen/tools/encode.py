"""pcgen encode: JSON to frames; the work is done in interp/."""

from __future__ import annotations

import argparse

from pcgen.interp import command as interp
from pcgen.tools import command


def _arguments(parser: argparse.ArgumentParser) -> None:
    interp.add_encode(parser)
    command.add_yaml(parser)


def _run(options: argparse.Namespace) -> int:
    compiled = command.compile_or_report(options, command.yaml_of(options))
    if compiled is None or compiled.program is None:
        return command.FAILED
    return interp.run(options, compiled.program)


COMMAND = command.Command("encode", "make frames of packets in JSON",
                          """pcgen encode --packet client.ping --value '{"client_time_ms": 7}'""",
                          _arguments, _run, interp.ENCODE_MORE)
