"""The formats of findings. Text goes to standard error, with colours on a terminal only; the
others are for programs and go to standard output."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence

from pcgen.diagnostics import Diagnostic, Paint, closing_of
from pcgen.report import sarif

TOOL = "pcgen"


def _wants_colour() -> bool:
    """A terminal that knows colours, and nobody who said no (https://no-color.org)."""
    return (sys.stderr.isatty() and not os.environ.get("NO_COLOR")
            and os.environ.get("TERM") != "dumb")


def text(found: Sequence[Diagnostic], closing: str | None, paint: Paint) -> str:
    """For people: each finding with its line and a caret, then how many there are."""
    last = closing_of(found) if closing is None else closing
    return "\n".join([*(finding.render(paint) for finding in found), last]) + "\n"


def _one(finding: Diagnostic) -> dict[str, object]:
    span = finding.span
    return {"code": finding.code.value, "severity": finding.severity, "file": span.file.shown,
            "line": span.line, "column": span.column, "end_column": span.column + span.size,
            "message": finding.message, "hint": finding.hint}


def as_json(found: Sequence[Diagnostic]) -> str:
    """One object; columns count characters from 1, the end is behind the last one."""
    return json.dumps({"tool": TOOL, "format": 1, "findings": [_one(one) for one in found]},
                      indent=2, ensure_ascii=False) + "\n"


def _escaped(words: str, also: str = "") -> str:
    """Of a workflow command: what ends a line or, in a property, the property."""
    for char in "%\r\n" + also:
        words = words.replace(char, f"%{ord(char):02X}")
    return words


def github(found: Sequence[Diagnostic]) -> str:
    """Workflow commands, which GitHub shows beside the lines of a pull request."""
    kinds = {"error": "error", "warning": "warning", "note": "notice"}
    lines = []
    for finding in found:
        span = finding.span
        places = {"file": span.file.shown, "line": str(span.line), "col": str(span.column),
                  "endColumn": str(span.column + span.size), "title": finding.code.value}
        properties = ",".join(f"{key}={_escaped(value, ':,')}" for key, value in places.items())
        message = finding.message + (f"\n{finding.hint}" if finding.hint else "")
        lines.append(f"::{kinds[finding.severity]} {properties}::{_escaped(message)}\n")
    return "".join(lines)


_FOR_TOOLS: dict[str, Callable[[Sequence[Diagnostic]], str]] = {
    "json": as_json,
    "github": github,
    "sarif": sarif.render,
}


def publish(found: Sequence[Diagnostic], chosen: str, closing: str | None = None) -> None:
    """Show the findings. closing: the last line of text; None: how many errors there are."""
    if chosen == "text":
        if found or closing:
            sys.stderr.write(text(found, closing, Paint(_wants_colour())))
    else:
        sys.stdout.write(_FOR_TOOLS[chosen](found))
