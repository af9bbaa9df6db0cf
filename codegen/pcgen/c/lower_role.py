"""[D] Role -> the view of its dispatch tables, handlers and senders."""

from __future__ import annotations

from pcgen import ir
from pcgen.c import naming
from pcgen.c.views import (
    EntryView,
    HandlerView,
    Outlet,
    RoleView,
    SenderView,
    TableView,
    VersionView,
)

INDEX_PER_LINE = 16
ANY_STATE = "any"


def receiver(table: ir.AcceptTable) -> tuple[str, str]:
    """What the handlers of a table get: the struct's tag and the parameter's name."""
    if table.kind is ir.TableKind.UNWRAPPED:
        return naming.peer(table.owner, table.sender), table.sender
    return "pc_session", "session"


def _to_caller(answer: ir.Packet) -> str:
    """An answer goes to who waits for it, not to a handler of the application."""
    return (f"pc_call_answer(receiver, packet.correlation, "
            f"{naming.packet_macro(answer, 'ID')}, &packet);")


def _handlers(role: ir.Role) -> tuple[HandlerView, ...]:
    """One for each packet, though two tables may hold it."""
    found: dict[int, HandlerView] = {}
    answers = {call.reply.id for call in role.calls}
    for table in role.accepts:
        tag, parameter = receiver(table)
        for entry in table.entries:
            packet = entry.packet
            if entry.handled and packet.id not in found:
                function = naming.handler(role.name, packet)
                is_answer = packet.id in answers
                found[packet.id] = HandlerView(
                    tag=naming.tag(packet), function=function,
                    handles=_to_caller(packet) if is_answer else f"{function}(receiver, &packet);",
                    is_registered=not is_answer,
                    thunk=f"{role.name}__{naming.tag(packet)}", receiver=f"struct {tag}",
                    parameter=parameter, receiver_macro=naming.receiver_macro(role.name, packet))
    return tuple(found[id_] for id_ in sorted(found))


def _index_lines(table: ir.AcceptTable) -> tuple[str, ...]:
    """1 + position of each id from the first to the last; 0 where the table has no entry."""
    positions = {entry.packet.id: index + 1 for index, entry in enumerate(table.entries)}
    first, last = min(positions), max(positions)
    cells = [str(positions.get(id_, 0)) for id_ in range(first, last + 1)]
    return tuple(", ".join(cells[at:at + INDEX_PER_LINE]) + ","
                 for at in range(0, len(cells), INDEX_PER_LINE))


def _key(table: ir.AcceptTable, packet: ir.Packet) -> str:
    """Where a relay, which does not decode, reads what a frame is about."""
    if table.kind is not ir.TableKind.RELAYED or packet.latest is None:
        return ""
    offset, field = next(item for item in ir.prefix(packet.fields)
                         if item[1].name == packet.latest)
    return f"{{{ir.HEADER_SIZE + offset}u, {field.type.size.min}u}},"


def _keys(table: ir.AcceptTable) -> tuple[str, ...]:
    found = (_key(table, entry.packet) for entry in table.entries)
    return tuple(dict.fromkeys(key for key in found if key))


def _entry(table: ir.AcceptTable, entry: ir.AcceptEntry, keys: tuple[str, ...]) -> EntryView:
    packet = entry.packet
    key = _key(table, packet)
    thunk = f"{table.owner}__{naming.tag(packet)}"
    return EntryView(
        tag=naming.tag(packet), handle=thunk if entry.handled else "NULL",
        states=f"UINT64_C(0x{entry.states:x})", rate=str(entry.rate),
        latest=str(1 + keys.index(key) if key else 0),
        id_macro=naming.packet_macro(packet, "ID"),
        min_macro=naming.packet_macro(packet, "FRAME_MIN"),
        max_macro=naming.packet_macro(packet, "FRAME_MAX"))


def _versions(table: ir.AcceptTable) -> tuple[VersionView, ...]:
    """Sizes of the packets that grew, by id and version."""
    return tuple(
        VersionView(naming.packet_macro(packet, "ID"), f"{packet.brought(group)}u",
                    naming.version_macro(packet, group, "FRAME_MIN"),
                    naming.version_macro(packet, group, "FRAME_MAX"))
        for packet in (entry.packet for entry in table.entries) if packet.grows
        for group in packet.groups)


def _doc(table: ir.AcceptTable) -> str:
    match table.kind:
        case ir.TableKind.DIRECT:
            return f"What {table.owner} takes from {table.sender}."
        case ir.TableKind.UNWRAPPED:
            return f"What {table.owner} takes from {table.sender} by way of a relay, unwrapped."
        case ir.TableKind.RELAYED:
            return (f"What {table.owner} passes on from {table.sender} to {table.receiver}: "
                    "ids and sizes.")


def _table(table: ir.AcceptTable) -> TableView:
    name = naming.table(table)
    stem = f"{table.owner}__" + name.removeprefix(f"{table.owner}_")
    ids = [entry.packet.id for entry in table.entries]
    states = table.machine.states if table.machine else (ANY_STATE,)
    versions = _versions(table)
    keys = _keys(table)
    rates = tuple(f"{{{rate.per_sec}u, {rate.burst}u, PC_RATE_{rate.over.name}}},"
                  for rate in table.rates)
    return TableView(
        name=name, stem=stem, doc=f"/* {_doc(table)} */", receiver=table.receiver,
        sender=table.sender,
        entries=tuple(_entry(table, entry, keys) for entry in table.entries),
        has_versions=bool(versions), versions=versions,
        versions_name=f"{stem}_versions" if versions else "NULL", version_count=str(len(versions)),
        index_lines=_index_lines(table), has_rates=bool(rates), rates=rates,
        rates_name=f"{stem}_rates" if rates else "NULL", rate_count=str(len(rates)),
        has_keys=bool(keys), keys=keys, keys_name=f"{stem}_keys" if keys else "NULL",
        key_count=str(len(keys)), states=states, entry_count=str(len(ids)),
        index_count=str(max(ids) - min(ids) + 1),
        state_count=str(len(states)), id_first=f"0x{min(ids):04x}u",
        frame_max=f"{table.frame_max}u")


def _sender(role: str, send: ir.Send) -> SenderView:
    peer = naming.peer(role, send.receiver) if send.wrapped else "pc_session"
    return SenderView(
        tag=naming.tag(send.packet), function=naming.sender(role, send.packet),
        max_macro=naming.packet_macro(send.packet, "FRAME_MAX"), peer=f"struct {peer}",
        parameter=send.receiver if send.wrapped else "session",
        send_frame=f"{peer}_send_frame", direct=not send.wrapped, wrapped=send.wrapped,
        grows_direct=send.packet.grows and not send.wrapped,
        grows_wrapped=send.packet.grows and send.wrapped)


def lower(role: ir.Role) -> RoleView:
    """Dispatch header, dispatch source and send header of a role."""
    tables = tuple(_table(table) for table in role.accepts)
    handled = {entry.packet.protocol for table in role.accepts for entry in table.entries}
    handlers = _handlers(role)
    in_calls = {*(call.request.id for call in role.calls),
                *(call.reply.id for call in role.answers)}
    sends = [send for send in role.sends if send.packet.id not in in_calls]
    sent = {send.packet.protocol for send in sends}
    senders = tuple(_sender(role.name, send) for send in sends)
    outlets = {sender.peer: Outlet(sender.peer, sender.parameter, sender.send_frame)
               for sender in senders if sender.wrapped}
    return RoleView(
        role=role.name, upper=role.name.upper(),
        dispatch_header=naming.header(role.name, "dispatch"),
        dispatch_includes=tuple(naming.header(name, "types") for name in sorted(handled)),
        source_includes=(*(["pc/call.h"] if role.calls else []),
                         *(naming.header(name, "codec") for name in sorted(handled))),
        send_includes=tuple(naming.header(name, "codec") for name in sorted(sent)),
        receivers=tuple(sorted({handler.receiver for handler in handlers}
                               - {"struct pc_session"})),
        handlers=handlers, tables=tables, senders=senders,
        outlets=tuple(outlets[peer] for peer in sorted(outlets)))
