"""pcgen check: is everything right?"""

from __future__ import annotations

import argparse

from pcgen.tools import command


def _arguments(parser: argparse.ArgumentParser) -> None:
    command.add_format(parser)
    command.add_yaml(parser)


def _run(options: argparse.Namespace) -> int:
    compiled = command.compile_or_report(options, command.yaml_of(options))
    if compiled is None:
        return command.FAILED
    count = len(compiled.sources)
    command.say(options, f"{count} file{'' if count == 1 else 's'}, no errors")
    return command.OK


COMMAND = command.Command("check", "report errors, write nothing",
                          "pcgen check protocol/*.yaml", _arguments, _run)
