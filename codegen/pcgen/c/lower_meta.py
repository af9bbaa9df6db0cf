"""[D] Protocol -> the view of its descriptors: what a program can ask about packets at run time."""

from __future__ import annotations

from dataclasses import dataclass

from pcgen import ir
from pcgen.c import naming
from pcgen.spelling import spell


@dataclass(frozen=True, slots=True)
class MetaField:
    name: str
    type: str
    holder: str
    flags: str
    since: str
    size_min: str
    size_max: str


@dataclass(frozen=True, slots=True)
class MetaPacket:
    tag: str
    name: str
    fields_name: str
    field_count: str
    id_macro: str
    min_macro: str
    max_macro: str
    since: str
    has_fields: bool
    fields: tuple[MetaField, ...]


@dataclass(frozen=True, slots=True)
class MetaView:
    source: str
    protocol: str
    own_header: str
    types_header: str
    name_macro: str
    version_macro: str
    compat_macro: str
    schema_macro: str
    packet_count: str
    has_packets: bool
    packets_name: str
    packets: tuple[MetaPacket, ...]


def _field(packet: ir.Packet, field: ir.Field) -> MetaField:
    flags = [*(["PC_META_SECRET"] if field.secret else []),
             *(["PC_META_DEPRECATED"] if field.deprecated is not None else []),
             *(["PC_META_OPTIONAL"] if isinstance(field.type, ir.Optional) else [])]
    return MetaField(field.name, spell(field.type), f"struct {naming.tag(packet)}",
                     " | ".join(flags) or "0", str(field.since), f"{field.type.size.min}u",
                     f"{field.type.size.max}u")


def _packet(packet: ir.Packet) -> MetaPacket:
    fields = tuple(_field(packet, field) for field in packet.fields)
    return MetaPacket(
        naming.tag(packet), packet.name, f"{naming.tag(packet)}__fields" if fields else "NULL",
        str(len(fields)), naming.packet_macro(packet, "ID"),
        naming.packet_macro(packet, "FRAME_MIN"), naming.packet_macro(packet, "FRAME_MAX"),
        str(packet.since), bool(fields), fields)


def lower(protocol: ir.Protocol) -> MetaView:
    """Header and source."""
    return MetaView(
        protocol.source, protocol.name, naming.header(protocol.name, "meta"),
        naming.header(protocol.name, "types"), naming.protocol_macro(protocol.name, "NAME"),
        naming.protocol_macro(protocol.name, "VERSION"),
        naming.protocol_macro(protocol.name, "COMPAT_HASH"),
        naming.protocol_macro(protocol.name, "SCHEMA_HASH"), str(len(protocol.packets)),
        bool(protocol.packets), f"{protocol.name}__packets" if protocol.packets else "NULL",
        tuple(_packet(packet) for packet in protocol.packets))
