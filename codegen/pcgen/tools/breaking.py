"""pcgen breaking: whom would this protocol break?"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pcgen.tools import command

if TYPE_CHECKING:
    from pcgen.compat.lock import BadLock
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
        old = released_folder(paths) if options.against is None else options.against
        then = against.load(old, paths, compiled)
    except lock.BadLock as error:
        report_nothing_compared(options, compiled, error)
        return None
    return compare.compare(then, compiled.program)


def report_nothing_compared(options: argparse.Namespace, compiled: Compiled,
                            error: BadLock) -> None:
    """As a line for people, who typed what is wrong; as a finding for tools."""
    from pcgen.compat.rules import Trouble
    from pcgen.diagnostics import Diagnostic

    if options.format == "text":
        sys.stderr.write(f"pcgen: {error}\n")
        return
    span = compiled.files[0].protocol.span
    command.report(options, [Diagnostic(Trouble.NOTHING_COMPARED, span, str(error))])


def _rule_or_class(word: str) -> str:
    """A misspelt rule would allow nothing, and one day not be needed any more: nobody would see."""
    from pcgen.compat.rules import Class, Rule
    from pcgen.diagnostics import did_you_mean

    known = [*(rule.value for rule in Rule), *(one.value for one in Class)]
    if word.upper() not in known:
        hint = did_you_mean(word.upper(), known)
        raise argparse.ArgumentTypeError(
            f"`{word}` is no rule or class; {hint or 'pcgen explain lists the rules'}")
    return word.upper()


def add_allow(parser: argparse.ArgumentParser, what: str) -> None:
    """Rules that may be broken."""
    parser.add_argument("--allow", metavar="RULE", action="append", default=[],
                        type=_rule_or_class,
                        help=f"{what} this rule (PB203) or class (POLICY); may be repeated")


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_against(parser)
    add_allow(parser, "do not mind")
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
        if rule is None or {rule.value, rule.of.value} & set(allowed):
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
