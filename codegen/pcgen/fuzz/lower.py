"""[D] Accept table -> the view of its harness; its corpus."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pcgen import ir
from pcgen.c import naming
from pcgen.interp.frames import join
from pcgen.vectors.reference import encode
from pcgen.vectors.samples import samples

_SEED_SIZE_MAX = 2048  # what is longer makes a fuzzer slow


@dataclass(frozen=True, slots=True)
class PacketView:
    tag: str
    id_macro: str
    min_macro: str
    max_macro: str
    is_canonical: bool  # what is taken is encoded to the same bytes again
    fits: bool  # what is taken is never too long to be encoded


@dataclass(frozen=True, slots=True)
class HarnessView:
    table: str
    doc: str
    includes: tuple[str, ...]
    packets: tuple[PacketView, ...]


def _doc(table: ir.AcceptTable) -> str:
    by = "" if table.owner == table.receiver else f", by way of {table.owner}"
    return f"what {table.sender} sends to {table.receiver}{by}"


def _packet(packet: ir.Packet) -> PacketView:
    return PacketView(
        tag=naming.tag(packet), id_macro=naming.packet_macro(packet, "ID"),
        min_macro=naming.packet_macro(packet, "FRAME_MIN"),
        max_macro=naming.packet_macro(packet, "FRAME_MAX"),
        is_canonical=not packet.grows and not packet.is_open, fits=not packet.is_open)


def lower(table: ir.AcceptTable) -> HarnessView:
    """The harness of one table."""
    protocols = sorted({entry.packet.protocol for entry in table.entries})
    return HarnessView(
        table=naming.table(table), doc=_doc(table),
        includes=tuple(naming.header(name, part) for name in protocols
                       for part in ("codec", "ids")),
        packets=tuple(_packet(entry.packet) for entry in table.entries))


def corpus(table: ir.AcceptTable) -> Iterator[tuple[str, bytes]]:
    """Names and bytes of streams to begin with: each packet in some values."""
    for entry in table.entries:
        packet = entry.packet
        for name, value in samples(packet):
            frame = join(packet.id, bytes(encode(packet.fields, value).data))
            if len(frame) <= _SEED_SIZE_MAX:
                yield f"{packet.name}_{name}", frame
