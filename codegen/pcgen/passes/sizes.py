"""Sizes: every frame fits the limit of its protocol, and so the header's 16 bits."""

from __future__ import annotations

from pcgen import ir, schema
from pcgen.codes import Code
from pcgen.passes.context import Context

FRAME_LIMIT = 0xFFFF


def frame_limit(file: schema.File) -> int:
    """The most bytes of a frame of this file."""
    return file.frame_max.value if file.frame_max else FRAME_LIMIT


def run(context: Context) -> None:
    """Check the largest frame of every packet."""
    for file in context.files:
        limit = frame_limit(file)
        for packet in file.packets:
            fields = context.packet_fields.get((file.protocol.value, packet.name.value))
            if fields is None:
                continue
            largest = ir.HEADER_SIZE + ir.total_size(fields).max
            if largest > limit:
                widest = max(fields, key=lambda field: field.type.size.max)
                context.sink.error(Code.FRAME_LARGE, packet.name.span,
                                   f"a frame of `{packet.name}` can have {largest} bytes; "
                                   f"the limit is {limit}",
                                   f"the field `{widest.name}` takes up to "
                                   f"{widest.type.size.max} of them; see limits.frame_max")
