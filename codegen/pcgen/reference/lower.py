"""[D] IR -> the view of the pages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import fields as members
from dataclasses import is_dataclass
from typing import Any

from markupsafe import Markup

from pcgen import ir
from pcgen.compat.lock import Released
from pcgen.reference import changes, drawing, types, views, words
from pcgen.reference.views import Fact, Piece
from pcgen.render import Renderer
from pcgen.spelling import span

_MARKDOWN = re.compile(r"([\\`*<>|\[\]])")


def _flow_name(flow: ir.Flow) -> str:
    return f"{flow.sender} → {flow.receiver}"


def _states(packet: ir.Packet) -> str:
    machine = next((flow.machine for flow in packet.flows if flow.machine), None)
    if machine is None:
        return ""
    if packet.states is None:
        return "all"
    return ", ".join(machine.states[index] for index in packet.states)


def _rate(rate: ir.Rate | None) -> str:
    return f"{rate.per_sec}/s, burst {rate.burst}, over: {rate.over.value}" if rate else ""


def _reply(packet: ir.Packet) -> Piece:
    if packet.reply is None:
        return Piece("")
    return Piece(packet.reply, types.anchor(packet.protocol, packet.reply))


def _size(size: ir.SizeRange) -> str:
    return f"{span(size)} byte{'' if size == ir.SizeRange(1, 1) else 's'}"


def _facts(packet: ir.Packet) -> tuple[Fact, ...]:
    reply = _reply(packet)
    facts = [Fact("flow", "; ".join(str(flow).replace("->", "→") for flow in packet.flows)),
             Fact("frame", _size(packet.frame)),
             Fact("legal in", _states(packet)),
             Fact("rate", _rate(packet.rate)),
             Fact("answered by", reply.text, reply.link),
             Fact("only the newest matters per", packet.latest or ""),
             Fact("behind the last field", "skipped if a newer sender appends"
                  if packet.skips_tail else "")]
    if packet.grows:
        versions = sorted({packet.brought(group) for group in packet.groups})
        facts += [Fact(f"of version {version}", _size(packet.frame_at(version)))
                  for version in versions]
    return tuple(fact for fact in facts if fact.text)


def _find(*parts: str) -> str:
    """In lower case, each word once."""
    found = re.findall(r"[^\s,;()\[\]]+", " ".join(parts).lower())
    return " ".join(dict.fromkeys(found))


def _packet(packet: ir.Packet, names: types.Names) -> views.Packet:
    fields = types.fields_of(packet.fields, names, ir.HEADER_SIZE)
    marks = types.marks_of(packet.deprecated, packet.since)
    if types.has_secret(packet.fields):
        marks = (*marks, views.Mark("has secrets", "secret"))
    flows = " ".join(f"{flow.sender} -> {flow.receiver} {_flow_name(flow)}"
                     for flow in packet.flows)
    examples = tuple(
        views.Example(example.doc, words.fields_text(packet.fields, example.value),
                      "" if types.has_secret(packet.fields) else example.payload.hex(" "))
        for example in packet.examples)
    return views.Packet(
        types.anchor(packet.protocol, packet.name), packet.name, f"0x{packet.id:04x}",
        packet.protocol, names.linked(packet.doc), marks, _facts(packet),
        drawing.draw_packet(packet), fields, examples,
        _find(f"{packet.protocol}.{packet.name}", f"0x{packet.id:04x}", str(packet.id), flows,
              packet.doc, *(f"{field.name} {field.type.text}" for field in fields),
              *(mark.text for mark in marks)))


def _flow_row(packet: ir.Packet, find: str) -> views.FlowRow:
    return views.FlowRow(types.anchor(packet.protocol, packet.name), packet.name,
                         f"0x{packet.id:04x}", span(packet.frame), _states(packet),
                         _rate(packet.rate), _reply(packet), find)


def _flows(protocol: ir.Protocol, finds: dict[str, str]) -> tuple[views.Flow, ...]:
    found = []
    for declared in protocol.flows:
        flow = declared.flow
        packets = [packet for packet in protocol.packets if flow in packet.flows]
        notes = [f"ids 0x{declared.ids.first:04x} to 0x{declared.ids.last:04x}"]
        if flow.via:
            notes.append(f"relayed by {flow.via}")
        if flow.machine:
            notes.append(f"states of {flow.machine.name}")
        found.append(views.Flow(_flow_name(flow), ", ".join(notes), tuple(
            _flow_row(packet, finds[packet.name]) for packet in packets)))
    return tuple(found)


def _protocol_facts(protocol: ir.Protocol) -> tuple[Fact, ...]:
    ids = [f"0x{item.first:04x}" + (f" to 0x{item.last:04x}" if item.last > item.first else "")
           for item in protocol.reserved.ids]
    retired = ", ".join([*ids, *protocol.reserved.names])
    facts = [Fact("file", protocol.source), Fact("version", str(protocol.version)),
             Fact("longest frame allowed", f"{protocol.frame_max} bytes"
                  if protocol.packets else ""),
             *(Fact(f"compat_hash from version {item.version} on", f"0x{item.hash:016x}")
               for item in protocol.hashes),
             Fact("schema_hash", f"0x{protocol.schema_hash:016x}"),
             Fact("reserved, never used again", retired)]
    return tuple(fact for fact in facts if fact.text)


def _protocol(protocol: ir.Protocol, names: types.Names) -> views.Protocol:
    own = names.of(protocol)
    packets = tuple(_packet(packet, own) for packet in protocol.packets)
    finds = {packet.name: packet.find for packet in packets}
    named: list[ir.Named] = [*protocol.enums, *protocol.flags, *protocol.composites]
    return views.Protocol(
        protocol.name, protocol.name, own.linked(protocol.doc), _protocol_facts(protocol),
        _flows(protocol, finds), packets, tuple(types.lower(type_, own) for type_ in named),
        tuple(views.Const(const.name, str(const.value), _find(const.name, str(const.value)))
              for const in protocol.consts),
        tuple(views.Machine(machine.name, " · ".join(machine.states))
              for machine in protocol.machines))


def _policy_row(entry: ir.AcceptEntry, table: ir.AcceptTable) -> views.PolicyRow:
    packet = entry.packet
    states = table.machine.states if table.machine else ("any",)
    legal = [bool(entry.states >> index & 1) for index in range(len(states))]
    return views.PolicyRow(
        Piece(f"{packet.protocol}.{packet.name}", types.anchor(packet.protocol, packet.name)),
        tuple(views.Cell(is_legal, not is_legal, state)
              for is_legal, state in zip(legal, states, strict=True)),
        _rate(table.rates[entry.rate - 1] if entry.rate else None))


_KINDS = {ir.TableKind.DIRECT: "on their connection",
          ir.TableKind.UNWRAPPED: "unwrapped, behind a relay",
          ir.TableKind.RELAYED: "passing through, inside other packets"}


def _policy(table: ir.AcceptTable) -> views.Policy:
    title = f"{table.owner} takes from {table.sender}"
    if table.kind is ir.TableKind.RELAYED:
        title = f"{table.owner} relays from {table.sender} to {table.receiver}"
    notes = [_KINDS[table.kind]]
    if table.machine:
        notes.append(f"states of {table.machine.name}")
    return views.Policy(title, ", ".join(notes),
                        table.machine.states if table.machine else ("any",),
                        tuple(_policy_row(entry, table) for entry in table.entries))


def _summary(protocol: ir.Protocol) -> views.Summary:
    return views.Summary(protocol.name, protocol.name, protocol.source, str(protocol.version),
                         str(len(protocol.packets)),
                         str(protocol.frame_max) if protocol.packets else "",
                         f"0x{protocol.compat_hash:016x}", protocol.doc)


def lower(program: ir.Program, released: Sequence[Released], title: str) -> views.Page:
    """released: all lock files."""
    names = types.Names.of_program(program)
    renderer = Renderer()
    releases = changes.lower(program, released)
    tables = [table for role in program.roles for table in role.accepts if table.entries]
    return views.Page(
        title, tuple(_summary(protocol) for protocol in program.protocols), drawing.legend(),
        tuple(_protocol(protocol, names) for protocol in program.protocols),
        tuple(_policy(table) for table in tables), releases, not releases,
        Markup(renderer.render("reference/style.css.j2", None)),
        Markup(renderer.render("reference/find.js.j2", None)))


def escaped(view: Any) -> Any:
    """A view whose text means itself in Markdown."""
    if isinstance(view, Markup):
        return view
    if isinstance(view, str):
        return _MARKDOWN.sub(r"\\\1", view.replace("\n", " "))
    if isinstance(view, tuple):
        return tuple(escaped(item) for item in view)
    if is_dataclass(view) and not isinstance(view, type):
        parts = {item.name: escaped(getattr(view, item.name)) for item in members(view)}
        return type(view)(**parts)
    return view


def html(page: views.Page) -> str:
    """The page; it asks for nothing else."""
    return Renderer().render("reference/page.html.j2", page)


def markdown(page: views.Page) -> str:
    """The same, without pictures."""
    return Renderer().render("reference/page.md.j2", escaped(page))
