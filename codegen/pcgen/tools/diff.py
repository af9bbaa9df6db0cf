"""pcgen diff: all that changed, and whom it breaks."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pcgen.tools import command
from pcgen.tools.breaking import add_against, changes_or_report

if TYPE_CHECKING:
    from pcgen.compat.rules import Change
    from pcgen.pipeline import Compiled

_FINE = "fine"


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_against(parser)
    parser.add_argument("--format", choices=("text", "json"), default="text",
                        help="text for people, a line for each change; json for tools")
    command.add_yaml(parser)


def _as_text(changes: Sequence[Change]) -> str:
    """One line for each change: its class, its rule, where, what."""
    lines = []
    for change in changes:
        kind = change.rule.of.value if change.rule else _FINE
        code = change.rule.value if change.rule else ""
        lines.append(f"{kind:<6} {code:<5} {change.where.protocol}: {change.text}")
    return "\n".join(lines or ["nothing changed"])


def _as_json(changes: Sequence[Change], compiled: Compiled) -> str:
    """The same with places; `code` is empty and `class` "fine" if it breaks nobody."""
    from pcgen.compat.places import Places

    places = Places(compiled.files)
    found = []
    for change in changes:
        span = places.of(change.where)
        found.append({"code": change.rule.value if change.rule else "",
                      "class": change.rule.of.value if change.rule else _FINE,
                      "protocol": change.where.protocol, "item": change.where.item,
                      "member": change.where.member, "message": change.text,
                      "file": span.file.shown, "line": span.line, "column": span.column})
    return json.dumps({"tool": "pcgen", "format": 1, "changes": found}, indent=2,
                      ensure_ascii=False)


def _run(options: argparse.Namespace) -> int:
    """Never fails because of changes."""
    compiled = command.compile_or_report(options, command.yaml_of(options))
    changes = changes_or_report(options, compiled) if compiled else None
    if compiled is None or changes is None:
        return command.FAILED
    options.reported = True  # the list of changes is the document
    changes = sorted(changes, key=lambda change: (change.where, change.text))
    print(_as_text(changes) if options.format == "text" else _as_json(changes, compiled))
    return command.OK


COMMAND = command.Command("diff", "list all changes since a release, and whom they break",
                          "pcgen diff --against HEAD protocol/*.yaml", _arguments, _run)
