"""Positions in the files that the author wrote."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


def resolved(path: Path) -> Path:
    """Where a path leads; of one that leads nowhere, such as a loop of links, as far as it goes.
    Raises ValueError if no file can be called that."""
    return Path(os.path.realpath(path))


@dataclass(frozen=True, slots=True, eq=False)
class SourceFile:
    """A file as it was read. `shown` is how errors name it: as the caller named it."""

    path: Path
    shown: str
    text: str

    def line(self, number: int) -> str:
        """The text of a line (from 1), without its end."""
        lines = self.text.splitlines()
        return lines[number - 1] if 1 <= number <= len(lines) else ""


@dataclass(frozen=True, slots=True)
class Span:
    """Where something stands: line and column from 1, size in characters (at least 1)."""

    file: SourceFile
    line: int
    column: int
    size: int = 1

    def part(self, offset: int, size: int) -> Span:
        """A piece of this span; used for words inside a scalar. Of a scalar on several lines, whose
        span is where it begins, no piece has a place of its own."""
        size = max(size, 1)
        if offset + size > self.size:
            return self
        return Span(self.file, self.line, self.column + offset, size)


@dataclass(frozen=True, slots=True)
class Text:
    """A word with its place."""

    value: str
    span: Span

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class Number:
    """An integer with its place."""

    value: int
    span: Span
