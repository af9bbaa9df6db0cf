"""Python values as Lua writes them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """Lua that stands as it is."""

    text: str


Item = Code | str | int | float | bool | Sequence["Item"] | Mapping[str, "Item"]

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r"}
COLUMNS = 100


def text_literal(text: str) -> str:
    """A string; what is no printable ASCII as decimal bytes, for Lua 5.1 has nothing else."""
    parts = [_ESCAPES.get(char) or (char if " " <= char <= "~" else
                                    "".join(f"\\{byte:03d}" for byte in char.encode()))
             for char in text]
    return '"' + "".join(parts) + '"'


def _number(value: int | float) -> str:
    assert not isinstance(value, float) or math.isfinite(value)
    return repr(value)


def _plain(item: Item) -> str:
    """On one line."""
    match item:
        case Code():
            return item.text
        case str():
            return text_literal(item)
        case bool():
            return "true" if item else "false"
        case int() | float():
            return _number(item)
        case Mapping():
            return "{" + ", ".join(f"{key} = {_plain(value)}" for key, value in item.items()) + "}"
        case _:
            return "{" + ", ".join(_plain(value) for value in item) + "}"


def literal(item: Item, depth: int = 0) -> str:
    """A table that does not fit into a line has a line for each member. Keys are names."""
    plain = _plain(item)
    if len(plain) + 4 * depth < COLUMNS - 20 or isinstance(item, Code | str | int | float):
        return plain
    pad = "    " * (depth + 1)
    if isinstance(item, Mapping):
        lines = [f"{pad}{key} = {literal(value, depth + 1)},\n" for key, value in item.items()]
    else:
        lines = [f"{pad}{literal(value, depth + 1)},\n" for value in item]
    return "{\n" + "".join(lines) + "    " * depth + "}"
