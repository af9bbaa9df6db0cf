"""The comments of a YAML file, which its parser skips: what lies between two tokens is white space
and comments."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import yaml

from pcgen.tree import LOADER


@dataclass(frozen=True, slots=True)
class Comment:
    """`line` and `column` from 0. `alone`: nothing else stands on its line."""

    line: int
    column: int
    text: str
    alone: bool


def _in_gap(text: str, start: int, end: int) -> Iterator[int]:
    """Where comments begin in text[start:end]."""
    at = text.find("#", start, end)
    while at != -1:
        yield at
        line_end = text.find("\n", at)
        at = text.find("#", line_end, end) if line_end != -1 else -1


def _gaps(text: str) -> Iterator[tuple[int, int]]:
    scan: Callable[..., Iterator[yaml.Token]] = yaml.scan  # its stubs are untyped
    last = 0
    for token in scan(text, Loader=LOADER):
        start, end = token.start_mark.index, token.end_mark.index
        if start > last:
            yield last, start
        if isinstance(token, yaml.ScalarToken) and token.style in ("|", ">"):
            yield start, text.find("\n", start) if "\n" in text[start:] else len(text)
        last = max(last, end)
    yield last, len(text)


def comments_of(text: str) -> list[Comment]:
    """All comments in order. The text is YAML with \\n at the ends of lines."""
    found: dict[int, Comment] = {}
    for start, end in _gaps(text):
        for at in _in_gap(text, start, end):
            line_start = text.rfind("\n", 0, at) + 1
            line_end = text.find("\n", at)
            words = text[at:line_end if line_end != -1 else len(text)].rstrip()
            found[at] = Comment(text.count("\n", 0, at), at - line_start, words,
                                not text[line_start:at].strip())
    return [found[at] for at in sorted(found)]
