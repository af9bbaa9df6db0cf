"""What a packet promises beyond its bytes: its answer, its key, and whether it may grow unseen."""

from __future__ import annotations

from pcgen import grammar, ir, schema
from pcgen.codes import Code
from pcgen.diagnostics import did_you_mean
from pcgen.passes.context import Context

CORRELATION = "correlation"


def is_call(packet: schema.Packet, context: Context) -> bool:
    """True if the packet asks one server for another's answer: then pcgen makes the call."""
    ends = {role for name in packet.flows for role in name.key}
    return packet.reply is not None and not ends & context.outside


class _Policy:
    def __init__(self, context: Context, file: schema.File) -> None:
        self.context = context
        self.sink = context.sink
        self.file = file
        self.protocol = file.protocol.value

    def packet(self, packet: schema.Packet) -> None:
        fields = self.context.packet_fields.get((self.protocol, packet.name.value))
        if packet.reply is not None and packet.reply.value:
            self.reply(packet, packet.reply.value)
        if packet.latest is not None and fields is not None:
            self.latest(packet, fields)
        self.tail(packet)
        if fields is not None:
            self.open_fields(packet, fields)

    def reply(self, packet: schema.Packet, name: str) -> None:
        assert packet.reply is not None
        span = packet.reply.span
        answer = next((other for other in self.file.packets if other.name.value == name), None)
        if answer is None:
            self.sink.error(Code.REPLY_UNKNOWN, span, f"there is no packet `{name}` in this file",
                            did_you_mean(name, (p.name.value for p in self.file.packets)))
            return
        ways = {flow.key for flow in answer.flows}
        for flow in packet.flows:
            if flow.sender.value and (flow.key[1], flow.key[0]) not in ways:
                self.sink.error(Code.REPLY_FLOW, span,
                                f"`{name}` answers `{packet.name}`, but has no flow "
                                f"`{flow.receiver} -> {flow.sender}`")
                return
        if is_call(packet, self.context):
            for item in (packet, answer):
                self.correlation(packet, item)

    def correlation(self, packet: schema.Packet, item: schema.Packet) -> None:
        first = item.fields[0] if item.fields else None
        if first is None or (first.name.value, first.type.value) != (CORRELATION, "u64") \
                or first.range is not None:
            assert packet.reply is not None
            self.sink.error(Code.CORRELATION, packet.reply.span,
                            f"the answer is matched by a number, but the first field of "
                            f"`{item.name}` is not `{CORRELATION}: u64`")

    def latest(self, packet: schema.Packet, fields: tuple[ir.Field, ...]) -> None:
        word = packet.latest
        assert word is not None
        keys = [field.name for field in fields if field.since == 1 and _is_key(field.type)]
        if word.value and word.value not in keys:
            self.sink.error(Code.LATEST, word.span,
                            f"`{word}` is no field of `{packet.name}` that can be a key",
                            did_you_mean(word.value, keys)
                            or "a key is an integer, a bool or an enum that is always there")
        elif word.value and self.is_relayed(packet):
            fixed = [field.name for _, field in ir.prefix(fields)]
            if word.value not in fixed:
                self.sink.error(Code.LATEST, word.span,
                                f"`{word}` has no fixed place in the frame, and the relay does not "
                                "decode", "put it before what has no fixed size")

    def is_relayed(self, packet: schema.Packet) -> bool:
        flows = (self.context.flows.get((self.protocol, *name.key)) for name in packet.flows)
        return any(flow.via for flow in flows if flow)

    def tail(self, packet: schema.Packet) -> None:
        word = packet.tail
        if word is None or not word.value:
            return
        if word.value not in grammar.TAIL:
            self.sink.error(Code.TAIL, word.span, f"tail must be skip, not `{word}`",
                            "leave it out if bytes behind the last field are an error")
        elif self.outside(packet):
            self.sink.error(Code.OPEN_OUTSIDE, word.span,
                            f"`{packet.name}` has an end that is no server: its tail is never "
                            "skipped")

    def open_fields(self, packet: schema.Packet, fields: tuple[ir.Field, ...]) -> None:
        if not self.outside(packet):
            return
        for written, field in zip(packet.fields, fields, strict=True):
            if ir.is_open(field.type):
                self.sink.error(Code.OPEN_OUTSIDE, written.type.span,
                                f"`{written.type}` may grow unseen, and `{packet.name}` has an "
                                "end that is no server",
                                "extensible structs and open unions are for links between servers")

    def outside(self, packet: schema.Packet) -> bool:
        return bool({role for name in packet.flows for role in name.key} & self.context.outside)


def _is_key(type_: ir.Type) -> bool:
    match type_:
        case ir.Scalar():
            return type_.kind is not ir.ScalarKind.FLOAT
        case ir.Enum() | ir.Flags():
            return True
        case _:
            return False


def run(context: Context) -> None:
    """Check `reply`, `latest`, `tail` and what may grow."""
    for file in context.files:
        policy = _Policy(context, file)
        for packet in file.packets:
            policy.packet(packet)
