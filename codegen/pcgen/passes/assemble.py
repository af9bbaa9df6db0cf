"""Puts the protocols of the IR together. Runs only when everything is right."""

from __future__ import annotations

from dataclasses import replace

from pcgen import fingerprint, ir, schema
from pcgen.passes.context import Context
from pcgen.passes.sizes import frame_limit
from pcgen.passes.types import since


def _packet(context: Context, file: schema.File, packet: schema.Packet) -> ir.Packet:
    protocol = file.protocol.value
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
        frame_limit=frame_limit(file),
        since=since(packet.since),
        reply=packet.reply.value if packet.reply else None,
        latest=packet.latest.value if packet.latest else None,
        skips_tail=packet.tail is not None,
        deprecated=packet.deprecated,
        examples=context.packet_examples[key],
    )


def _reserved(file: schema.File) -> ir.Reserved:
    return ir.Reserved(tuple(ir.IdRange(ids.first, ids.last) for ids in file.reserved.ids),
                       tuple(name.value for name in file.reserved.names))


def _protocol(context: Context, file: schema.File) -> ir.Protocol:
    name = file.protocol.value
    packets = tuple(sorted((_packet(context, file, packet) for packet in file.packets),
                           key=lambda packet: packet.id))
    protocol = ir.Protocol(
        name=name,
        source=file.source.path.name,
        version=file.version.value,
        hashes=fingerprint.compat_hashes(name, packets),
        schema_hash=0,
        doc=file.doc,
        frame_max=frame_limit(file),
        machines=tuple(context.machines[machine.name.value] for machine in file.machines),
        flows=tuple(ir.DeclaredFlow(context.flows[name, *flow.name.key],
                                    ir.IdRange(flow.ids.first, flow.ids.last))
                    for flow in file.flows),
        consts=tuple(context.consts[name, const.name.value] for const in file.consts),
        enums=tuple(context.enums[name, enum.name.value] for enum in file.enums),
        flags=tuple(context.flags[name, flags.name.value] for flags in file.flags),
        composites=tuple(item for key, item in context.composites.items() if key[0] == name),
        packets=packets,
        reserved=_reserved(file),
    )
    return replace(protocol, schema_hash=fingerprint.schema_hash(protocol))


def run(context: Context) -> None:
    """Fill `protocols`."""
    context.protocols = tuple(_protocol(context, context.file_of(name)) for name in context.order)
