"""Packet ids: inside the range of each of the packet's flows, and unique over all protocols."""

from __future__ import annotations

from pcgen import schema
from pcgen.codes import Code
from pcgen.passes.context import Context


def _ranges(context: Context) -> None:
    """Ranges of two protocols never overlap; those of one protocol are equal or apart."""
    seen: list[tuple[schema.File, schema.IdRange]] = []
    for file in sorted(context.files, key=lambda file: file.source.shown):
        for flow in file.flows:
            ids = flow.ids
            if ids.first > ids.last:
                context.sink.error(Code.IDS_ORDER, ids.span,
                                   f"the range {ids} ends before it begins")
                continue
            for other_file, other in seen:
                apart = ids.last < other.first or other.last < ids.first
                same = file is other_file and str(ids) == str(other)
                if not apart and not same:
                    context.sink.error(Code.IDS_OVERLAP, ids.span,
                                       f"the range {ids} overlaps {other} of "
                                       f"{other_file.source.shown}:{other.span.line}")
                    break
            seen.append((file, ids))
        for ids in file.reserved.ids:
            if ids.first > ids.last:
                context.sink.error(Code.IDS_ORDER, ids.span,
                                   f"the range {ids} ends before it begins")


def _retired(file: schema.File, packet: schema.Packet, context: Context) -> None:
    for ids in file.reserved.ids:
        if packet.id.value in ids:
            context.sink.error(Code.ID_RETIRED, packet.id.span,
                               f"the id 0x{packet.id.value:04x} is reserved",
                               f"line {ids.span.line} says that it was in use once")


def _packet(file: schema.File, packet: schema.Packet, context: Context) -> None:
    declared = {flow.name.key: flow for flow in file.flows}
    for name in packet.flows:
        flow = declared.get(name.key)
        if flow is not None and flow.ids.first <= flow.ids.last and packet.id.value not in flow.ids:
            context.sink.error(Code.ID_OUTSIDE, packet.id.span,
                               f"the id 0x{packet.id.value:04x} of `{packet.name}` is not in "
                               f"{flow.ids}, the range of `{name}`")


def run(context: Context) -> None:
    """Check all ids."""
    _ranges(context)
    owners: dict[int, tuple[schema.File, schema.Packet]] = {}
    for file in sorted(context.files, key=lambda file: file.source.shown):
        for packet in file.packets:
            _packet(file, packet, context)
            _retired(file, packet, context)
            first_file, first = owners.setdefault(packet.id.value, (file, packet))
            if first is not packet:
                context.sink.error(Code.ID_TWICE, packet.id.span,
                                   f"the id 0x{packet.id.value:04x} is that of `{first.name}` in "
                                   f"{first_file.source.shown}:{first.id.span.line}")
