"""pcgen breaking: whom would this protocol break?"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pcgen.tools import command

if TYPE_CHECKING:
    from pcgen.compat.rules import Change
    from pcgen.diagnostics import Diagnostic
    from pcgen.pipeline import Compiled


def add_against(parser: argparse.ArgumentParser) -> None:
    """What to compare with."""
    parser.add_argument("--against", metavar="OLD", help="a lock file, a folder of lock files, or "
                        "a revision of git; if left out: released/ beside the protocol files")


def released_folder(paths: Sequence[Path]) -> Path:
    """Where the lock files are, if nothing is said."""
    return paths[0].parent / "released"


def changes_or_report(options: argparse.Namespace, compiled: Compiled) -> list[Change] | None:
    """All changes; None if there is nothing to compare with, which has been said."""
    from pcgen.compat import against, compare, lock

    assert compiled.program is not None
    paths = command.yaml_of(options)
    try:
        old = against.load(options.against or str(released_folder(paths)), paths)
    except lock.BadLock as error:
        sys.stderr.write(f"pcgen: {error}\n")
        return None
    return compare.compare(old, compiled.program)


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_against(parser)
    parser.add_argument("--allow", metavar="RULE", action="append", default=[],
                        help="do not mind this rule (PB203) or class (SOURCE); may be repeated")
    parser.add_argument("--strict", action="store_true",
                        help="what breaks only sources, class SOURCE, fails too")
    command.add_format(parser)
    command.add_yaml(parser)


def findings(changes: Sequence[Change], compiled: Compiled, allowed: Sequence[str],
             strict: bool) -> list[Diagnostic]:
    """What breaks somebody, in the order of files and lines. Only sources: a warning."""
    from pcgen.compat.places import Places
    from pcgen.compat.rules import Class
    from pcgen.diagnostics import ERROR, WARNING, Diagnostic

    places = Places(compiled.files)
    found: list[Diagnostic] = []
    for change in changes:
        rule = change.rule
        if rule is None or {rule.value, rule.of.value} & {word.upper() for word in allowed}:
            continue
        severity = WARNING if rule.of is Class.SOURCE and not strict else ERROR
        found.append(Diagnostic(rule, places.of(change.where), f"{rule.of.value}: {change.text}",
                                f"see: pcgen explain {rule.value}", severity))
    return sorted(found, key=Diagnostic.sort_key)


def closing(found: Sequence[Diagnostic]) -> str:
    """The last line below what breaks."""
    errors = sum(one.severity == "error" for one in found)
    if not found:
        return ""
    return f"{errors} breaking change{'' if errors == 1 else 's'}" + (
        f", {len(found) - errors} for sources only" if len(found) > errors else "")


def _run(options: argparse.Namespace) -> int:
    compiled = command.compile_or_report(options, command.yaml_of(options))
    changes = changes_or_report(options, compiled) if compiled else None
    if compiled is None or changes is None:
        return command.FAILED
    found = findings(changes, compiled, options.allow, options.strict)
    command.report(options, found, closing(found))
    if not found:
        command.say(options, "nothing breaks")
    return command.FAILED if any(one.severity == "error" for one in found) else command.OK


COMMAND = command.Command("breaking", "fail if peers of a released version would break",
                          "pcgen breaking --against HEAD protocol/*.yaml", _arguments, _run)
