"""[D] IR -> the tables of the Lua file. What they hold is said at the engine in the template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pcgen import ir
from pcgen.passes.values import is_byte
from pcgen.reference import words
from pcgen.render import Renderer
from pcgen.wireshark.literal import Code, Item, literal

Table = dict[str, Item]


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a Lua table: its key and its value, written out."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Listener:
    """Who listens on ports of its own, and who connects; what each may say as sets of ids."""

    preference: str
    receiver: str
    sender: str
    ports: str
    up: str
    down: str


@dataclass(frozen=True, slots=True)
class DissectorView:
    name: str
    title: str
    label: str
    protocols: str  # names and versions, for the head of the file
    frame_max: int
    types: tuple[Entry, ...]
    packets: tuple[Entry, ...]
    listeners: tuple[Listener, ...]


def _key(type_: ir.Named) -> str:
    return f"{type_.protocol}.{type_.name}"


def _reference(type_: ir.Named) -> Code:
    return Code(f'types["{_key(type_)}"]')


def _halves(scalar: ir.Scalar, value: int | float) -> Item:
    """A limit; of 64 bits as two halves, for a Lua number may not hold it."""
    if scalar.kind is ir.ScalarKind.FLOAT or scalar.width < 8:
        return value
    whole = int(value) & 0xFFFFFFFFFFFFFFFF
    make = "Int64" if scalar.kind is ir.ScalarKind.SIGNED else "UInt64"
    return Code(f"{make}({whole & 0xFFFFFFFF:#x}, {whole >> 32:#x})")


def _scalar(scalar: ir.Scalar) -> Table:
    table: Table = {"kind": scalar.kind.value, "width": scalar.width}
    if scalar.range is not None:
        table["low"] = _halves(scalar, scalar.low)
        table["high"] = _halves(scalar, scalar.high)
        table["rule"] = words.rules_of(scalar)
    return table


def _block(type_: ir.Text | ir.Bytes) -> Table:
    table: Table = {"kind": "text" if isinstance(type_, ir.Text) else "bytes",
                    "prefix": type_.bound.prefix.width, "least": type_.min,
                    "most": type_.bound.value}
    if isinstance(type_, ir.Text):
        table["charset"] = type_.charset.value
    return table


def _array(array: ir.Array) -> Table:
    count = array.bound.value
    table: Table = {"kind": "bytes" if is_byte(array.element) else "array",
                    "prefix": array.bound.prefix.width if array.counted else 0,
                    "least": 0 if array.counted else count, "most": count}
    if not is_byte(array.element):
        table["element"] = type_item(array.element)
    return table


def type_item(type_: ir.Type) -> Item:
    """A type where it is used: named ones by their place in `types`."""
    match type_:
        case ir.Scalar():
            return _scalar(type_)
        case ir.Quant():
            return {"kind": "quant", "width": type_.base.width, "steps": type_.steps,
                    "least": type_.least, "scale": type_.scale, "rule": words.rules_of(type_)}
        case ir.Text() | ir.Bytes():
            return _block(type_)
        case ir.Array():
            return _array(type_)
        case ir.Optional():
            return {"kind": "optional", "inner": type_item(type_.inner)}
        case _:
            return _reference(type_)


def _field(field: ir.Field) -> Table:
    table: Table = {"name": field.name, "type": type_item(field.type)}
    if field.doc:
        table["doc"] = field.doc
    if field.secret:
        table["secret"] = True
    if field.deprecated is not None:
        table["deprecated"] = True
    if field.since > 1:
        table["since"] = field.since
        if not field.secret:
            table["default"] = words.value_text(field.type, field.default)
    return table


def _fields(fields: tuple[ir.Field, ...]) -> list[Item]:
    return [_field(field) for field in fields]


def _case(case: ir.Case) -> Table:
    table: Table = {"tag": case.tag, "name": case.name}
    if case.type is not None:
        table["type"] = type_item(case.type)
    return table


def _named(type_: ir.Named) -> Table:
    match type_:
        case ir.Enum():
            signed = type_.base.kind is ir.ScalarKind.SIGNED
            return {"kind": "enum", "width": type_.base.width, "signed": signed,
                    "keep": type_.unknown is ir.Unknown.KEEP,
                    "values": [[value.value, value.name] for value in type_.values]}
        case ir.Flags():
            return {"kind": "flags", "width": type_.base.width,
                    "keep": type_.unknown is ir.Unknown.KEEP,
                    "bits": [[bit.bit, bit.name] for bit in type_.bits]}
        case ir.Struct():
            return {"kind": "struct", "extensible": type_.extensible,
                    "fields": _fields(type_.fields)}
        case ir.Union():
            return {"kind": "union", "width": type_.tag.width, "open": type_.open,
                    "cases": [_case(case) for case in type_.cases]}


def _has_secret(packet: ir.Packet) -> bool:
    inside = (field for part in packet.fields for type_ in ir.inner_types(part.type)
              if isinstance(type_, ir.Struct) for field in type_.fields)
    return any(field.secret for field in (*packet.fields, *inside))


def _packet(packet: ir.Packet) -> Table:
    table: Table = {
        "name": packet.name, "protocol": packet.protocol,
        "flow": ", ".join(str(flow) for flow in packet.flows),
        "least": packet.frame.min, "most": packet.frame.max, "fields": _fields(packet.fields)}
    if any(flow.via for flow in packet.flows):
        table["relayed"] = True
    if _has_secret(packet):
        table["secret"] = True
    if packet.skips_tail:
        table["tail"] = True
    if packet.deprecated is not None:
        table["deprecated"] = packet.deprecated or "deprecated"
    return table


def _ids(program: ir.Program, receiver: str, sender: str) -> list[int]:
    """What lies on the connection from sender to receiver."""
    return [entry.packet.id for role in program.roles if role.name == receiver
            for table in role.accepts
            if table.kind is ir.TableKind.DIRECT and table.sender == sender
            for entry in table.entries]


def _set(ids: Sequence[int]) -> str:
    lines = [", ".join(f"[{id_:#06x}] = true" for id_ in ids[at:at + 6])
             for at in range(0, len(ids), 6)]
    return "{" + ",\n        ".join(lines) + "}"


def _listeners(program: ir.Program, ports: Mapping[str, str]) -> tuple[Listener, ...]:
    """Each pair of roles that are connected; who is outside never listens."""
    found = []
    for role in program.roles:
        for other in program.roles:
            down, up = _ids(program, other.name, role.name), _ids(program, role.name, other.name)
            if role.outside or role is other or not up and not down:
                continue
            name = f"{role.name}_{other.name}"
            found.append(Listener(name, role.name, other.name, ports.get(name, ""),
                                  _set(up), _set(down)))
    return tuple(found)


def _types(program: ir.Program) -> tuple[Entry, ...]:
    """Each stands behind those that it contains."""
    named: list[ir.Named] = []
    for protocol in program.protocols:
        named += [*protocol.enums, *protocol.flags, *protocol.composites]
    return tuple(Entry(_key(type_), literal(_named(type_))) for type_ in named)


def lower(program: ir.Program, name: str, ports: Mapping[str, str]) -> DissectorView:
    """name: the first part of all filter names. ports: preference -> ports."""
    packets = [packet for protocol in program.protocols for packet in protocol.packets]
    return DissectorView(
        name, name.replace("_", " ").capitalize(), name.upper(),
        ", ".join(f"{protocol.name} {protocol.version}" for protocol in program.protocols),
        max((protocol.frame_max for protocol in program.protocols if protocol.packets),
            default=0xFFFF),
        _types(program),
        tuple(Entry(f"{packet.id:#06x}", literal(_packet(packet))) for packet in packets),
        _listeners(program, ports))


def render(view: DissectorView) -> str:
    """The Lua file."""
    return Renderer().render("wireshark/dissector.lua.j2", view)
