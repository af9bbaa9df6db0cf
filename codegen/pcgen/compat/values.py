"""Values of defaults as JSON and back."""

from __future__ import annotations

from typing import Any

from pcgen import ir


def value_to(value: ir.Value) -> Any:
    """Numbers, booleans and null as they are; the rest says what it is."""
    match value:
        case bytes():
            return {"bytes": value.hex()}
        case tuple():
            return {"list": [value_to(item) for item in value]}
        case ir.Chosen():
            return {"tag": value.tag, "value": value_to(value.value)}
        case _:
            return value


def value_from(data: Any) -> ir.Value:
    """The inverse of value_to."""
    if isinstance(data, dict) and "bytes" in data:
        return bytes.fromhex(data["bytes"])
    if isinstance(data, dict) and "list" in data:
        return tuple(value_from(item) for item in data["list"])
    if isinstance(data, dict):
        return ir.Chosen(data["tag"], value_from(data["value"]))
    plain: int | float | bool | None = data
    return plain
