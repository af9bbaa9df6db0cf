"""pcgen fmt: protocol files in their one form."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pcgen.tools import command

if TYPE_CHECKING:
    from pcgen.diagnostics import ErrorSink
    from pcgen.source import SourceFile

STDIN = Path("-")


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--check", action="store_true",
                        help="write nothing; list files that would change, and fail if any would")
    parser.add_argument("--stdin", action="store_true",
                        help="format standard input to standard output, for editors; the file - "
                        "means the same")
    command.add_format(parser)
    command.add_yaml(parser)


def _formatted(source: SourceFile, sink: ErrorSink) -> str | None:
    """None if it is no YAML that we take; the sink says why."""
    from pcgen import formatter, tree
    from pcgen.codes import Code
    from pcgen.source import Span

    root = tree.read_tree(source, sink)
    if root is None or sink.failed:
        return None
    try:
        return formatter.format_text(source.text)
    except formatter.Unsafe as reason:
        sink.error(Code.YAML_SYNTAX, Span(source, 1, 1), f"{reason}; it is left as it is",
                   "write it in a plainer way: odd line ends, `:` at the end of a value, ...")
        return None


def _read(path: Path, sink: ErrorSink) -> SourceFile | None:
    from pcgen import loader

    if path == STDIN:
        return loader.decoded(sys.stdin.buffer.read(), path, "standard input", sink)
    return loader.open_source(path, str(path), None, sink)


def _paths(options: argparse.Namespace) -> list[Path]:
    """What to read: files, or standard input alone."""
    if not options.stdin and STDIN not in options.yaml:
        return command.yaml_of(options)
    if options.yaml not in ([], [STDIN]) or options.format != "text":
        sys.stderr.write("pcgen fmt: standard input goes alone, and as text\n")
        raise SystemExit(command.USAGE)
    return [STDIN]


def _write(options: argparse.Namespace, found: Sequence[tuple[SourceFile, str]]) -> int:
    changed = [(source.path, new) for source, new in found
               if source.path.read_bytes() != new.encode()]
    for path, text in changed:
        command.say(options, f"{'would change' if options.check else 'formatted'} {path}")
        if not options.check:
            path.write_bytes(text.encode())
    if not changed:
        count = f"{len(found)} file{'' if len(found) == 1 else 's'}"
        command.say(options, f"{count}, nothing to change")
    return command.FAILED if changed and options.check else command.OK


def _run(options: argparse.Namespace) -> int:
    from pcgen.diagnostics import ErrorSink

    sink = ErrorSink()
    found: list[tuple[SourceFile, str]] = []
    for path in _paths(options):
        source = _read(path, sink)
        text = _formatted(source, sink) if source else None
        if source is not None and text is not None:
            found.append((source, text))
    if sink.failed:
        command.report(options, sink.sorted())
        return command.FAILED
    [(first, text), *_] = found
    if first.path != STDIN:
        return _write(options, found)
    if options.check:
        return command.OK if first.text == text else command.FAILED
    sys.stdout.write(text)
    return command.OK


COMMAND = command.Command("fmt", "put protocol files into their one form; comments are kept",
                          "pcgen fmt protocol/*.yaml", _arguments, _run)
