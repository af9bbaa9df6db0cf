"""The error sink: everything that is wrong is collected, sorted and shown at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from typing import Protocol

from pcgen.codes import Code
from pcgen.source import Span

ERROR, WARNING, NOTE = "error", "warning", "note"


class Ruled(Protocol):
    """What was broken: a Code, or a rule of lint or breaking."""

    @property
    def value(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Paint:
    """Colours of a terminal; without them text stays as it is."""

    on: bool = False

    def __call__(self, text: str, *styles: int) -> str:
        return f"\x1b[{';'.join(map(str, styles))}m{text}\x1b[0m" if self.on else text


PLAIN = Paint()
BOLD, RED, GREEN, YELLOW, BLUE = 1, 31, 32, 33, 34
_COLOURS = {ERROR: RED, WARNING: YELLOW, NOTE: BLUE}


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding, an error unless it says otherwise. `hint` says what to do, if we can tell."""

    code: Ruled
    span: Span
    message: str
    hint: str = ""
    severity: str = ERROR

    def sort_key(self) -> tuple[str, int, int, str, str]:
        """By place, then by code and text, so that the order never depends on the passes."""
        return (self.span.file.shown, self.span.line, self.span.column, self.code.value,
                self.message)

    def render(self, paint: Paint = PLAIN) -> str:
        """`file:line:column: error PG0123: text`, the source line, a caret, the hint."""
        span = self.span
        colour = _COLOURS[self.severity]
        place = paint(f"{span.file.shown}:{span.line}:{span.column}:", BOLD)
        what = paint(f"{self.severity} {self.code.value}:", BOLD, colour)
        lines = [f"{place} {what} {paint(self.message, BOLD)}"]
        source = span.file.line(span.line)
        if source.strip():
            lead = "".join("\t" if char == "\t" else " " for char in source[: span.column - 1])
            room = max(len(source) - span.column + 1, 1)
            lines.append(f"    {source}")
            lines.append(f"    {lead}{paint('^' * min(span.size, room), BOLD, colour)}")
        if self.hint:
            lines.append(f"    {paint(self.hint, GREEN)}")
        return "\n".join(lines)


@dataclass(slots=True)
class ErrorSink:
    """Collects errors. The same error at the same place is kept once."""

    found: dict[tuple[str, int, int, str, str], Diagnostic] = field(default_factory=dict)

    def error(self, code: Code, span: Span, message: str, hint: str = "") -> None:
        """Remember an error; the caller goes on. What it quotes may have several lines."""
        diagnostic = Diagnostic(code, span, " ".join(message.splitlines()), hint)
        self.found.setdefault(diagnostic.sort_key(), diagnostic)

    @property
    def failed(self) -> bool:
        """True if there is any error."""
        return bool(self.found)

    def sorted(self) -> list[Diagnostic]:
        """All errors by file, line and column."""
        return [self.found[key] for key in sorted(self.found)]

    def render(self) -> str:
        """What is printed: every error, then how many."""
        errors = self.sorted()
        return "\n".join([*(error.render() for error in errors), closing_of(errors)]) + "\n"


def closing_of(errors: Sequence[Diagnostic]) -> str:
    """The last line below errors."""
    return f"{len(errors)} error{'' if len(errors) == 1 else 's'}; nothing was written"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint that names the nearest known word, or lists the few that there are."""
    choices = sorted(set(known))
    close = difflib.get_close_matches(word, choices, n=1, cutoff=0.6)
    if close:
        return f"did you mean `{close[0]}`?"
    if 0 < len(choices) <= 12:
        return "known: " + ", ".join(choices)
    return ""
