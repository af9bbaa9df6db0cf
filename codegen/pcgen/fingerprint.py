"""[C] The compatibility hash: two sides with the same hash read each other's frames.

It covers what lies on the wire: ids, the order and types of fields, widths, bounds and the values
of enums. Names, comments, flows, states and rates are left out: they can change alone.
"""

from __future__ import annotations

import hashlib

from pcgen import ir


def _type(type_: ir.Type) -> str:
    match type_:
        case ir.Scalar():
            return type_.name
        case ir.Enum():
            values = ",".join(str(value) for value in sorted(value.value for value in type_.values))
            return f"enum:{type_.base.name}({values})"
        case ir.Struct():
            return _fields(type_.fields)
        case ir.Text():
            return f"string<{type_.bound.value}>"
        case ir.Bytes():
            return f"bytes<{type_.bound.value}>"
        case ir.Array():
            return f"{_type(type_.element)}[{'<=' if type_.counted else ''}{type_.bound.value}]"


def _fields(fields: tuple[ir.Field, ...]) -> str:
    return "{" + ";".join(_type(field.type) for field in fields) + "}"


def canonical(packets: tuple[ir.Packet, ...]) -> str:
    """The text that is hashed: one line for each packet, by id."""
    return "".join(f"{packet.id} {_fields(packet.fields)}\n"
                   for packet in sorted(packets, key=lambda packet: packet.id))


def compat_hash(packets: tuple[ir.Packet, ...]) -> int:
    """64 bits of SHA-256."""
    digest = hashlib.sha256(canonical(packets).encode()).digest()
    return int.from_bytes(digest[:8], "little")
