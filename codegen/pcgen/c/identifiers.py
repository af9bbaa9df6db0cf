"""Every identifier that the C output declares at file scope, and who is the cause of it."""

from __future__ import annotations

from collections.abc import Iterator

from pcgen import ir
from pcgen.c import lower_view, naming

Cause = (ir.Const | ir.Enum | ir.Flags | ir.Union | ir.Struct | ir.StateMachine | ir.Packet
         | ir.Protocol | ir.Role)
Declared = tuple[str, Cause]

STRUCT_FUNCTIONS = ("get", "put", "read", "measure", "write", "validate", "equal", "print_to",
                    "set_all")
UNION_FUNCTIONS = ("read", "measure", "write", "validate", "equal", "print_to")
PACKET_FUNCTIONS = ("decode", "frame_size", "encode", "send", "validate", "equal", "print",
                    "set_all")
PACKET_MACROS = ("ID", "FRAME_MIN", "FRAME_MAX")
AGED_FUNCTIONS = ("frame_size_at", "encode_at", "send_at")
AGED_MACROS = ("FRAME_MIN", "FRAME_MAX")
PROTOCOL_FUNCTIONS = ("packet_name", "compat_hash", "print_frame", "meta")
PROTOCOL_MACROS = ("NAME", "VERSION", "COMPAT_HASH", "SCHEMA_HASH", "FRAME_MAX")


def _protocol(protocol: ir.Protocol) -> Iterator[Declared]:
    for suffix in PROTOCOL_MACROS:
        yield naming.protocol_macro(protocol.name, suffix), protocol
    for suffix in PROTOCOL_FUNCTIONS:
        yield f"{protocol.name}_{suffix}", protocol
    for const in protocol.consts:
        yield naming.const(const), const
    for enum in protocol.enums:
        yield naming.tag(enum), enum
        yield f"{naming.tag(enum)}_name", enum
        yield f"{naming.tag(enum)}_is_valid", enum
        for value in enum.values:
            yield naming.enumerator(enum, value), enum
    for machine in protocol.machines:
        yield naming.machine_tag(machine), machine
        yield f"{naming.machine_tag(machine)}_name", machine
        for state in machine.states:
            yield naming.state(machine, state), machine
    yield from _flags_and_unions(protocol)
    yield from _views(protocol)
    for struct in protocol.structs:
        yield naming.tag(struct), struct
        for suffix in STRUCT_FUNCTIONS:
            yield f"{naming.tag(struct)}_{suffix}", struct
    for packet in protocol.packets:
        yield naming.tag(packet), packet
        for suffix in PACKET_FUNCTIONS:
            yield f"{naming.tag(packet)}_{suffix}", packet
        for suffix in PACKET_MACROS:
            yield naming.packet_macro(packet, suffix), packet
        yield from _versions(packet)


def _views(protocol: ir.Protocol) -> Iterator[Declared]:
    bodies: tuple[ir.Struct | ir.Packet, ...] = (*protocol.structs, *protocol.packets)
    for body in bodies:
        for _, field in lower_view.prefix(body):
            yield lower_view.function(body, field), body


def _versions(packet: ir.Packet) -> Iterator[Declared]:
    """What a packet that grew has more."""
    if packet.grows:
        for suffix in AGED_FUNCTIONS:
            yield f"{naming.tag(packet)}_{suffix}", packet
        for group in packet.groups:
            for suffix in AGED_MACROS:
                yield naming.version_macro(packet, group, suffix), packet


def _flags_and_unions(protocol: ir.Protocol) -> Iterator[Declared]:
    for flags in protocol.flags:
        yield f"{naming.tag(flags)}_is_valid", flags
        yield f"{naming.tag(flags)}_bits", flags
        yield f"{naming.tag(flags).upper()}_ALL", flags
        for bit in flags.bits:
            yield naming.flag(flags, bit), flags
    for union in protocol.unions:
        yield naming.tag(union), union
        yield naming.union_tag(union), union
        yield f"{naming.union_tag(union)}_name", union
        for suffix in UNION_FUNCTIONS:
            yield f"{naming.tag(union)}_{suffix}", union
        for case in union.cases:
            yield naming.case(union, case), union
        if union.open:
            yield naming.unknown_case(union), union


def _calls(role: ir.Role) -> Iterator[Declared]:
    for call in role.calls:
        yield naming.call(role.name, call.request), call.request
        yield naming.call_done(role.name, call.request), call.request
    for call in role.answers:
        yield naming.answer(role.name, call.request), call.request


def _role(role: ir.Role) -> Iterator[Declared]:
    yield from _calls(role)
    for table in role.accepts:
        yield naming.table(table), role
        if table.kind is ir.TableKind.UNWRAPPED:
            yield naming.peer(role.name, table.sender), role
        for entry in table.entries:
            if entry.handled:
                yield naming.handler(role.name, entry.packet), entry.packet
                yield naming.receiver_macro(role.name, entry.packet), entry.packet
    for send in role.sends:
        yield naming.sender(role.name, send.packet), send.packet
        if send.packet.grows:
            yield f"{naming.sender(role.name, send.packet)}_at", send.packet
        if send.wrapped:
            yield naming.peer(role.name, send.receiver), role
            yield f"{naming.peer(role.name, send.receiver)}_send_frame", role


def declared(program: ir.Program) -> Iterator[Declared]:
    """All of them; the same cause may declare one more than once."""
    for protocol in program.protocols:
        yield from _protocol(protocol)
    for role in program.roles:
        yield from _role(role)


def members(fields: tuple[ir.Field, ...]) -> Iterator[tuple[str, ir.Field]]:
    """The members of the struct that fields become."""
    for field in fields:
        yield field.name, field
        type_ = field.type
        if isinstance(type_, ir.Optional):
            yield f"has_{field.name}", field
            type_ = type_.inner
        if isinstance(type_, ir.Text | ir.Bytes):
            yield f"{field.name}_size", field
        elif isinstance(type_, ir.Array) and type_.counted:
            yield f"{field.name}_count", field
