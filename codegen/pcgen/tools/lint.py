"""pcgen lint: what is right, but may not be wise."""

from __future__ import annotations

import argparse

from pcgen.tools import command


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--notes", action="store_true", help="show notes too, not only warnings")
    parser.add_argument("--strict", action="store_true", help="show notes, and fail if there are "
                        "any")
    command.add_format(parser)
    command.add_yaml(parser)


def _run(options: argparse.Namespace) -> int:
    from pcgen import lint
    from pcgen.diagnostics import WARNING

    compiled = command.compile_or_report(options, command.yaml_of(options))
    if compiled is None:
        return command.FAILED
    found = lint.run(compiled)
    warnings = [one for one in found if one.severity == WARNING]
    shown = found if options.notes or options.strict else warnings
    hidden = len(found) - len(shown)
    notes = len(found) - len(warnings)
    closing = f"{len(warnings)} warning{'' if len(warnings) == 1 else 's'}, {notes} note" + (
        "" if notes == 1 else "s") + (" (--notes shows them)" if hidden else "")
    command.report(options, shown, closing)
    return command.FAILED if warnings or (options.strict and found) else command.OK


COMMAND = command.Command("lint", "warn of what is right but may not be wise",
                          "pcgen lint --notes protocol/*.yaml", _arguments, _run)
