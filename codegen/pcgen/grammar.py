"""The keys of the language: what each mapping must and may hold. The reader's one source."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Keys:
    """`what`: how errors call the mapping, if it has no name of its own."""

    what: str
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        return self.required + self.optional


FILE = Keys("a protocol file", ("protocol", "version"),
            ("doc", "import", "roles", "limits", "states", "flows", "consts", "enums", "structs",
             "packets"))
LIMITS = Keys("limits", (), ("frame_max",))
FLOW = Keys("a flow", ("flow", "ids"), ("states", "via"))
ENUM = Keys("an enum", ("type", "values"), ("doc",))
STRUCT = Keys("a struct", ("fields",), ("doc",))
FIELD = Keys("a field", ("type",), ("doc",))
PACKET = Keys("a packet", ("id", "flow", "fields"), ("doc", "states", "rate"))
RATE = Keys("a rate", ("per_sec",), ("burst", "over"))

ALL = (FILE, LIMITS, FLOW, ENUM, STRUCT, FIELD, PACKET, RATE)
