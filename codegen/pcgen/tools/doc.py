"""pcgen doc: the protocol for readers, as one HTML page and as Markdown."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pcgen.tools import breaking, command


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--html", type=Path, metavar="FILE", help="write one self-contained page")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write Markdown")
    parser.add_argument("--title", default="Protocol reference", help="the page's title")
    parser.add_argument("--released", type=Path, metavar="FOLDER", help="lock files for the change "
                        "log; if left out: released/ beside the protocol files")
    command.add_format(parser)
    command.add_yaml(parser)


def _run(options: argparse.Namespace) -> int:
    from pcgen import writer
    from pcgen.compat.lock import BadLock
    from pcgen.reference import changes, lower

    if options.html is None and options.markdown is None:
        sys.stderr.write("pcgen: say where to: --html FILE, --markdown FILE or both\n")
        return command.USAGE
    if options.released is not None and not options.released.is_dir():
        sys.stderr.write(f"pcgen: `{options.released}` is no folder of lock files\n")
        return command.FAILED
    paths = command.yaml_of(options)
    compiled = command.compile_or_report(options, paths)
    if compiled is None or compiled.program is None:
        return command.FAILED
    try:
        released = changes.read(options.released or breaking.released_folder(paths))
    except (BadLock, OSError) as error:
        sys.stderr.write(f"pcgen: {error}\n")
        return command.FAILED
    page = lower.lower(compiled.program, released, options.title)
    if options.html:
        writer.write_if_changed(options.html, lower.html(page))
    if options.markdown:
        writer.write_if_changed(options.markdown, lower.markdown(page))
    return command.OK


COMMAND = command.Command("doc", "write the protocol's reference as HTML or Markdown",
                          "pcgen doc --html protocol.html protocol/*.yaml", _arguments, _run)
