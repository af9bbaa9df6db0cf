"""Puts the protocols of the IR together. Runs only when everything is right."""

from __future__ import annotations

from pcgen import fingerprint, ir, schema
from pcgen.passes.context import Context
from pcgen.passes.sizes import FRAME_LIMIT


def _packet(context: Context, protocol: str, packet: schema.Packet) -> ir.Packet:
    key = (protocol, packet.name.value)
    return ir.Packet(
        protocol=protocol,
        name=packet.name.value,
        doc=packet.doc,
        id=packet.id.value,
        flows=tuple(context.flows[protocol, *name.key] for name in packet.flows),
        states=context.packet_states[key],
        rate=context.packet_rates[key],
        fields=context.packet_fields[key],
    )


def _protocol(context: Context, file: schema.File) -> ir.Protocol:
    name = file.protocol.value
    packets = tuple(sorted((_packet(context, name, packet) for packet in file.packets),
                           key=lambda packet: packet.id))
    return ir.Protocol(
        name=name,
        source=file.source.path.name,
        version=file.version.value,
        compat_hash=fingerprint.compat_hash(packets),
        doc=file.doc,
        frame_max=file.frame_max.value if file.frame_max else FRAME_LIMIT,
        machines=tuple(context.machines[machine.name.value] for machine in file.machines),
        consts=tuple(context.consts[name, const.name.value] for const in file.consts),
        enums=tuple(context.enums[name, enum.name.value] for enum in file.enums),
        structs=tuple(struct for key, struct in context.structs.items() if key[0] == name),
        packets=packets,
    )


def run(context: Context) -> None:
    """Fill `protocols`."""
    context.protocols = tuple(_protocol(context, context.file_of(name)) for name in context.order)
