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
            ("doc", "import", "roles", "outside", "limits", "reserved", "states", "flows", "consts",
             "enums", "flags", "structs", "unions", "packets"))
LIMITS = Keys("limits", (), ("frame_max",))
RESERVED = Keys("reserved", (), ("ids", "names"))
FLOW = Keys("a flow", ("flow", "ids"), ("states", "via"))
ENUM = Keys("an enum", ("type", "values"), ("doc", "unknown", "deprecated"))
ENUM_VALUE = Keys("an enum's value", ("value",), ("doc", "since", "deprecated"))
FLAGS = Keys("flags", ("type", "bits"), ("doc", "unknown", "deprecated"))
FLAG_BIT = Keys("a flag", ("bit",), ("doc", "since", "deprecated"))
STRUCT = Keys("a struct", ("fields",), ("doc", "extensible", "deprecated"))
UNION = Keys("a union", ("tag", "cases"), ("doc", "open", "deprecated"))
CASE = Keys("a case", ("tag",), ("type", "doc", "since", "deprecated"))
FIELD = Keys("a field", ("type",), ("doc", "range", "min", "charset", "since", "default", "secret",
                                    "deprecated"))
PACKET = Keys("a packet", ("id", "flow", "fields"),
              ("doc", "states", "rate", "reply", "latest", "tail", "since", "deprecated",
               "examples"))
RATE = Keys("a rate", ("per_sec",), ("burst", "over"))
EXAMPLE = Keys("an example", ("value",), ("hex", "doc"))

ALL = (FILE, LIMITS, RESERVED, FLOW, ENUM, ENUM_VALUE, FLAGS, FLAG_BIT, STRUCT, UNION, CASE, FIELD,
       PACKET, RATE, EXAMPLE)

# Words that some keys take.
UNKNOWN = ("reject", "keep")
CHARSETS = ("utf8", "ascii", "printable")
OVER = ("kick", "drop", "delay")
TAIL = ("skip",)
ALL_WORDS = (*UNKNOWN, *CHARSETS, *OVER, *TAIL)
