"""pcgen diff: all that changed, and whom it breaks."""

from __future__ import annotations

import argparse

from pcgen.tools import command
from pcgen.tools.breaking import add_against, changes_or_report

_FINE = "fine"


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_against(parser)
    command.add_yaml(parser)


def _run(options: argparse.Namespace) -> int:
    """One line for each change: its class, its rule, where, what. Never fails because of them."""
    compiled = command.compile_or_report(options, command.yaml_of(options))
    changes = changes_or_report(options, compiled) if compiled else None
    if changes is None:
        return command.FAILED
    for change in sorted(changes, key=lambda change: (change.where, change.text)):
        kind = change.rule.of.value if change.rule else _FINE
        code = change.rule.value if change.rule else ""
        print(f"{kind:<6} {code:<5} {change.where.protocol}: {change.text}")
    if not changes:
        print("nothing changed")
    return command.OK


COMMAND = command.Command("diff", "list all changes since a release, and whom they break",
                          "pcgen diff --against HEAD protocol/*.yaml", _arguments, _run)
