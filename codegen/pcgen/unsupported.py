"""What the language has and the outputs do not have yet.

The front end reads, checks and resolves the whole language; the back ends follow. A file that uses
more than they can do is refused at the place where it does so: nothing is left out in silence.
"""

from __future__ import annotations

from collections.abc import Sequence

from pcgen import schema
from pcgen.codes import Code
from pcgen.diagnostics import ErrorSink
from pcgen.source import Span, Text


class _Unsupported:
    def __init__(self, sink: ErrorSink) -> None:
        self.sink = sink

    def refuse(self, span: Span, what: str) -> None:
        self.sink.error(Code.OUTPUT_MISSING, span, f"{what}: the outputs do not have this yet")

    def type(self, type_: Text) -> None:
        if type_.value.endswith("?"):
            self.refuse(type_.span, "an optional")
        elif type_.value.startswith("quant"):
            self.refuse(type_.span, "a quantised number")

    def field(self, field: schema.Field) -> None:
        self.type(field.type)
        if field.range_span is not None:
            self.refuse(field.range_span, "range")
        if field.min is not None:
            self.refuse(field.min.span, "min")
        if field.charset is not None:
            self.refuse(field.charset.span, "charset")
        if field.since is not None:
            self.refuse(field.since.span, "since")

    def struct(self, struct: schema.Struct) -> None:
        if struct.extensible:
            self.refuse(struct.name.span, "an extensible struct")
        for field in struct.fields:
            self.field(field)

    def packet(self, packet: schema.Packet) -> None:
        for text, what in ((packet.reply, "reply"), (packet.latest, "latest"),
                           (packet.tail, "tail")):
            if text is not None:
                self.refuse(text.span, what)
        if packet.since is not None:
            self.refuse(packet.since.span, "since")
        for field in packet.fields:
            self.field(field)

    def file(self, file: schema.File) -> None:
        for flags in file.flags:
            self.refuse(flags.name.span, "flags")
        for union in file.unions:
            self.refuse(union.name.span, "a union")
        for enum in file.enums:
            if enum.unknown is not None and enum.unknown.value != "reject":
                self.refuse(enum.unknown.span, "unknown: keep")
        for struct in file.structs:
            self.struct(struct)
        for packet in file.packets:
            self.packet(packet)


def run(files: Sequence[schema.File], sink: ErrorSink) -> None:
    """Refuse what no back end can put out."""
    unsupported = _Unsupported(sink)
    for file in files:
        unsupported.file(file)
