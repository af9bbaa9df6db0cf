"""Growth: what came later stands behind what came earlier, and has a default for older peers."""

from __future__ import annotations

from pcgen import schema
from pcgen.codes import Code
from pcgen.passes.context import Context
from pcgen.source import Number, Span


class _Growth:
    def __init__(self, context: Context, file: schema.File) -> None:
        self.context = context
        self.sink = context.sink
        self.version = file.version.value

    def since(self, number: Number | None, oldest: int = 1) -> None:
        """Above the version of what it belongs to, and not in the future."""
        if number is None or oldest < number.value <= self.version:
            return
        hint = ("raise `version`" if number.value > self.version
                else "what is there from the start has no `since`")
        self.sink.error(Code.SINCE_RANGE, number.span,
                        f"since must be {oldest + 1}..{self.version}, the file's version, "
                        f"not {number.value}" if oldest < self.version else
                        f"since {number.value}, but the file is at version {self.version}", hint)

    def fields(self, fields: tuple[schema.Field, ...], oldest: int) -> None:
        """Of something that may grow: versions rise towards the end."""
        latest, where = 1, ""
        for field in fields:
            self.since(field.since, oldest)
            version = field.since.value if field.since else 1
            if version < latest:
                self.sink.error(Code.SINCE_ORDER, field.name.span,
                                f"`{field.name}` stands behind `{where}`, which came later",
                                "append new fields; never move old ones")
            latest, where = max(latest, version), field.name.value
            self.default(field)

    def default(self, field: schema.Field) -> None:
        if field.since is None:
            if field.default is not None:
                self.sink.error(Code.DEFAULT_WITHOUT, _span(field),
                                f"`{field.name}` is always there and needs no default",
                                "a default goes with `since`")
        elif field.default is None and not field.type.value.endswith("?"):
            self.sink.error(Code.DEFAULT_MISSING, field.name.span,
                            f"older peers do not send `{field.name}`: it needs a default")

    def struct(self, struct: schema.Struct) -> None:
        if struct.extensible:
            self.fields(struct.fields, 1)
            return
        for field in struct.fields:
            if field.since is not None:
                self.sink.error(Code.SINCE_PLACE, field.since.span,
                                f"the struct `{struct.name}` cannot grow",
                                "make it `extensible: true`, or append to the packet")
            self.default(field)

    def members(self, enum: schema.Enum) -> None:
        for member in enum.values:
            self.since(member.since)


def _span(field: schema.Field) -> Span:
    return field.default.span if field.default is not None else field.name.span


def run(context: Context) -> None:
    """Check every `since` and `default`."""
    for file in context.files:
        growth = _Growth(context, file)
        for enum in (*file.enums, *file.flags):
            growth.members(enum)
        for struct in file.structs:
            growth.struct(struct)
        for union in file.unions:
            for case in union.cases:
                growth.since(case.since)
        for packet in file.packets:
            growth.since(packet.since)
            growth.fields(packet.fields, packet.since.value if packet.since else 1)
