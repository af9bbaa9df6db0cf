"""[D] Protocol -> the view of the ids header: macros, enums and their names."""

from __future__ import annotations

from collections.abc import Iterator

from pcgen import ir
from pcgen.c import layout, naming
from pcgen.c.values import integer
from pcgen.c.views import (
    Define,
    Enumerator,
    EnumView,
    FlagsView,
    HashView,
    IdsView,
    PacketIds,
)

def _runs(values: list[int]) -> list[tuple[int, int]]:
    """Sorted values as runs of consecutive ones."""
    runs: list[tuple[int, int]] = []
    for value in values:
        if runs and runs[-1][1] == value - 1:
            runs[-1] = (runs[-1][0], value)
        else:
            runs.append((value, value))
    return runs


def known_condition(enum: ir.Enum) -> str:
    """The C condition that `value` is one of the enum's; empty if every raw value is.

    Comparisons that the width of the type already answers are left out: compilers warn of them.
    """
    terms: list[str] = []
    for first, last in _runs(sorted(value.value for value in enum.values)):
        bounds = [
            *([f"value >= {first}"] if first > enum.base.min else []),
            *([f"value <= {last}"] if last < enum.base.max else []),
        ]
        terms.append(f"value == {first}" if first == last else " && ".join(bounds))
    if terms == [""]:
        return ""
    return " || ".join(f"({term})" if "&&" in term and len(terms) > 1 else term for term in terms)


def enum_view(enum: ir.Enum) -> EnumView:
    """An enum of the protocol."""
    last = len(enum.values) - 1
    values = tuple(
        Enumerator(naming.enumerator(enum, value), str(value.value), value.name.lower(),
                   "" if index == last else ",")
        for index, value in enumerate(enum.values))
    known = known_condition(enum)
    stem = naming.tag(enum)
    return EnumView(stem, f"{stem}_name", layout.comment(enum.doc), values,
                    naming.SCALAR_TYPES[enum.base.name], f"{stem}_is_valid", known, not known)


def tag_view(union: ir.Union) -> EnumView:
    """The tags of a union; UNKNOWN is none that can lie on the wire."""
    items = [(naming.case(union, case), str(case.tag), case.name) for case in union.cases]
    if union.open:
        items.append((naming.unknown_case(union), "-1", "unknown"))
    values = tuple(Enumerator(name, value, text, "" if index == len(items) - 1 else ",")
                   for index, (name, value, text) in enumerate(items))
    stem = naming.union_tag(union)
    return EnumView(stem, f"{stem}_name", "", values, "", "", "", True)


def _flags(flags: ir.Flags) -> FlagsView:
    bits = [Define(naming.flag(flags, bit), integer(bit.mask)) for bit in flags.bits]
    doc = layout.comment(f"Bits of {naming.tag(flags)}. {flags.doc}".strip())
    return FlagsView(doc, (*bits, Define(f"{naming.tag(flags).upper()}_ALL",
                                         integer(flags.mask))))


def machine_view(machine: ir.StateMachine) -> EnumView:
    """A state machine is an enum too; it never lies on the wire."""
    last = len(machine.states) - 1
    values = tuple(
        Enumerator(naming.state(machine, state), str(index), state, "" if index == last else ",")
        for index, state in enumerate(machine.states))
    stem = naming.machine_tag(machine)
    return EnumView(stem, f"{stem}_name", "", values, "", "", "", True)


def _sizes_by_version(packet: ir.Packet) -> Iterator[Define]:
    """Of a packet that grew: what senders of each version make."""
    for group in packet.groups if packet.grows else ():
        size = packet.frame_at(group.since)
        yield Define(naming.version_macro(packet, group, "FRAME_MIN"), f"{size.min}u")
        yield Define(naming.version_macro(packet, group, "FRAME_MAX"), f"{size.max}u")


def _packet(packet: ir.Packet) -> PacketIds:
    def macro(suffix: str) -> str:
        return naming.packet_macro(packet, suffix)

    flows = ", ".join(str(flow) for flow in packet.flows)
    return PacketIds(
        naming.tag(packet), layout.comment(f"{flows}. {packet.doc}".strip()), macro("ID"),
        packet.name,
        (Define(macro("ID"), f"0x{packet.id:04x}u"),
         Define(macro("FRAME_MIN"), f"{packet.frame.min}u"),
         Define(macro("FRAME_MAX"), f"{packet.frame.max}u"),
         *_sizes_by_version(packet)))


def lower(protocol: ir.Protocol) -> IdsView:
    """The whole ids header and its source."""
    def macro(suffix: str) -> str:
        return naming.protocol_macro(protocol.name, suffix)

    consts = tuple(Define(naming.const(const), integer(const.value)) for const in protocol.consts)
    return IdsView(
        source=protocol.source,
        doc=layout.comment(protocol.doc),
        protocol=protocol.name,
        own_header=naming.header(protocol.name, "ids"),
        defines=(Define(macro("NAME"), f'"{protocol.name}"'),
                 Define(macro("VERSION"), f"{protocol.version}u"),
                 Define(macro("COMPAT_HASH"), f"UINT64_C(0x{protocol.compat_hash:016x})"),
                 Define(macro("SCHEMA_HASH"), f"UINT64_C(0x{protocol.schema_hash:016x})"),
                 Define(macro("FRAME_MAX"), f"{protocol.frame_max}u")),
        consts=consts,
        has_consts=bool(consts),
        enums=(*(enum_view(enum) for enum in protocol.enums),
               *(tag_view(union) for union in protocol.unions)),
        flags=tuple(_flags(flags) for flags in protocol.flags),
        machines=tuple(machine_view(machine) for machine in protocol.machines),
        packets=tuple(_packet(packet) for packet in protocol.packets),
        has_packets=bool(protocol.packets),
        packet_name_function=f"{protocol.name}_packet_name",
        compat_hash_function=f"{protocol.name}_compat_hash",
        version_macro=macro("VERSION"),
        hashes=tuple(HashView(f"version >= {item.version}u", f"UINT64_C(0x{item.hash:016x})")
                     for item in reversed(protocol.hashes)),
    )
