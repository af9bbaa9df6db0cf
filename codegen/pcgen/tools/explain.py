"""pcgen explain: what an error or rule is about."""

from __future__ import annotations

import argparse
import sys
import textwrap
from typing import TYPE_CHECKING

from pcgen.tools import command

if TYPE_CHECKING:
    from pcgen.explain import Explanation

_TITLES = {"before": "released as", "wrong": "wrong", "right": "right"}


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("code", metavar="CODE", nargs="*", help="as PG0123; all are listed if left "
                        "out")


def _show(one: Explanation) -> None:
    print(f"{one.code}: {one.title}")
    if one.text:
        print("\n" + one.text)
    for key, title in _TITLES.items():
        if key not in one.examples:
            continue
        for name, text in one.files_of(key).items():
            print(f"\n{title}, {name}:\n\n" + textwrap.indent(text.rstrip("\n"), "    "))
        print(f"\n{title}:\n\n" + textwrap.indent(one.examples[key].text.rstrip("\n"), "    "))


def _run(options: argparse.Namespace) -> int:
    from pcgen import explain
    from pcgen.diagnostics import did_you_mean

    known = explain.load()
    if not options.code:
        for one in known.values():
            print(f"{one.code}  {one.title}")
    for index, code in enumerate(options.code):
        found = known.get(code.upper())
        if found is None:
            hint = did_you_mean(code.upper(), known)
            sys.stderr.write(f"pcgen: there is no code `{code}`{'; ' if hint else ''}{hint}\n")
            return command.FAILED
        if index:
            print()
        _show(found)
    return command.OK


COMMAND = command.Command("explain", "say what an error or rule is about, with examples",
                          "pcgen explain PG0506", _arguments, _run)
