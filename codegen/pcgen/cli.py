"""The command line: what a person or the build types. The commands themselves are in tools/."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Sequence
from importlib import import_module

from pcgen import tools
from pcgen.tools.command import Command

CLOSING = """\
exit status: 0 all is well, 1 something is wrong (then nothing is written), 2 wrong usage
'pcgen COMMAND --help' shows the options of a command and an example.
"""


def command_named(name: str) -> Command:
    """The command of that name, which there is."""
    found: Command = import_module(f"pcgen.tools.{name}").COMMAND
    return found


def _parser(names: Sequence[str]) -> argparse.ArgumentParser:
    """The command line with these commands."""
    parser = argparse.ArgumentParser(
        prog="pcgen", description="Compile, check and look at the protocol's YAML files.",
        epilog=CLOSING, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in names:
        command = command_named(name)
        one = commands.add_parser(
            name, help=command.help, description=command.help[0].upper() + command.help[1:] + ".",
            epilog=f"example:\n  {command.example}\n{command.more}",
            formatter_class=argparse.RawDescriptionHelpFormatter)
        command.arguments(one)
    return parser


def _same_everywhere() -> None:
    """What goes into a file or to another program is UTF-8 with \\n, whatever the locale; a
    terminal that cannot show a character shows its number."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            if stream.isatty():
                stream.reconfigure(errors="backslashreplace")
            else:
                stream.reconfigure(encoding="utf-8", newline="\n")


def main(arguments: Sequence[str]) -> int:
    """Returns the exit status."""
    _same_everywhere()
    known = arguments[0] if arguments and arguments[0] in tools.NAMES else None
    options = _parser((known,) if known else tools.NAMES).parse_args(arguments)
    return command_named(options.command).run(options)
