"""Examples: values of packets that the author wrote down, and their bytes if he did."""

from __future__ import annotations

from pcgen import ir, schema
from pcgen.codes import Code
from pcgen.passes import values
from pcgen.passes.context import Context
from pcgen.source import Text
from pcgen.vectors import reference


def _example(context: Context, fields: tuple[ir.Field, ...],
             example: schema.Example) -> ir.Example | None:
    value = values.fields_of(fields, example.value, context.sink)
    if value is None:
        return None
    payload = bytes(reference.encode(fields, value).data)
    if example.hex is not None:
        _compare(context, example.hex, payload)
    return ir.Example(value, payload, example.doc)


def _compare(context: Context, written: Text, payload: bytes) -> None:
    try:
        data = bytes.fromhex(written.value)
    except ValueError:
        context.sink.error(Code.EXAMPLE_HEX, written.span, "the bytes are not hexadecimal",
                           "write them as: 02 41 6c")
        return
    if data != payload:
        at = next((index for index, (a, b) in enumerate(zip(data, payload, strict=False))
                   if a != b), min(len(data), len(payload)))
        context.sink.error(Code.EXAMPLE_BYTES, written.span,
                           f"the value has other bytes, from byte {at} on",
                           f"they are: {payload.hex(' ')}")


def run(context: Context) -> None:
    """Fill `packet_examples`."""
    for file in context.files:
        for packet in file.packets:
            key = (file.protocol.value, packet.name.value)
            fields = context.packet_fields.get(key)
            if fields is None:
                continue
            found = [_example(context, fields, example) for example in packet.examples]
            context.packet_examples[key] = tuple(item for item in found if item is not None)
