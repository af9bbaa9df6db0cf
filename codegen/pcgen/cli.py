"""The command line: what a person or the build types. The commands themselves are in tools/."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from pcgen import tools
from pcgen.failure import Failure
from pcgen.tools import command as shared
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
    terminal that cannot show a character shows its number, as all do half a surrogate pair's."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
            if not stream.isatty():
                stream.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")


def _command(arguments: Sequence[str]) -> int:
    known = arguments[0] if arguments and arguments[0] in tools.NAMES else None
    options = _parser((known,) if known else tools.NAMES).parse_args(arguments)
    status = command_named(options.command).run(options)
    shared.finish_report(options)
    return status


def _let_go_of_output() -> None:
    """Nobody takes it: what is still buffered must not fail once more when Python ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _said(text: str) -> int:
    sys.stderr.write(f"pcgen: {text}\n")
    return shared.FAILED


def main(arguments: Sequence[str]) -> int:
    """Returns the exit status. What the system refuses is told on one line; a reader that has seen
    enough of the output is no news to anybody."""
    _same_everywhere()
    try:
        try:
            return _command(arguments)
        finally:
            print(end="", flush=True)
    except Failure as failure:
        return _said(str(failure))
    except BrokenPipeError:
        _let_go_of_output()
        return shared.FAILED
    except OSError as error:
        reason = error.strerror or str(error)
        if error.filename is not None:
            return _said(f"{os.fsdecode(error.filename)}: {reason}")
        _let_go_of_output()
        return _said(reason)
