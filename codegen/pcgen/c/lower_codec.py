"""[D] Protocol -> the view of its codec.

A body (struct or packet) becomes steps, see steps.py. A body of one layout is a single run without
a reader; unions and bodies of variable size have functions that take a reader.
"""

from __future__ import annotations

import textwrap
from dataclasses import replace

from pcgen import ir
from pcgen.c import layout, naming, steps, values
from pcgen.c.lower_ids import enum_view
from pcgen.c.lower_types import bodies, used_protocols
from pcgen.c.steps import INSIDE, PACKET, PART, Place, Steps
from pcgen.c.values import bound
from pcgen.c.views import (
    Assertion,
    BodyView,
    CaseView,
    CodecView,
    FlagsCheck,
    GroupView,
    PartView,
    Step,
    UnionView,
)

Body = ir.Struct | ir.Packet


# ---- bodies ----


def _default_function(item: Body, group: ir.Group) -> str:
    return f"{naming.tag(item)}__default_{group.since}"


def _groups(item: Body) -> tuple[GroupView, ...]:
    """Functions that fill in what an older peer does not send; each also calls the next."""
    views: list[GroupView] = []
    following = ""
    for group in reversed(item.groups[1:]):
        variable = "packet" if isinstance(item, ir.Packet) else "value"
        lines = [line for field in group.fields
                 for line in values.assigned(field.type, f"{variable}->{field.name}",
                                             field.default)]
        function = _default_function(item, group)
        views.append(GroupView(function, tuple(lines), following))
        following = f"{function}({variable});"
    return tuple(views)


def _place(item: Body) -> Place:
    if isinstance(item, ir.Packet):
        return PACKET
    return INSIDE if item.extensible else PART


def _group_steps(item: Body) -> list[tuple[ir.Group, tuple[Step, ...]]]:
    return [(group, Steps(_place(item)).fields(group.fields)) for group in item.groups]


def _boundary(item: Body, group: ir.Group) -> Step:
    """Where older bytes may end."""
    if isinstance(item, ir.Struct):
        return Step(is_boundary=True, condition="inside.at == inside.end",
                    resets=(f"{_default_function(item, group)}(value);",),
                    ending="return PC_WIRE_OK;")
    return Step(is_boundary=True,
                condition="reader.at == reader.end",
                resets=(f"{_default_function(item, group)}(packet);",), ending=_ending(item))


def _ending(item: Body) -> str:
    if isinstance(item, ir.Struct) or item.skips_tail:
        return "return PC_WIRE_OK;"
    return "return pc_wire_end(&reader);"


def _decode_steps(item: Body) -> tuple[Step, ...]:
    found: list[Step] = []
    for group, inside in _group_steps(item):
        if group.since > 1:
            found.append(_boundary(item, group))
        found.extend(inside)
    return tuple(found)


def _later(item: Body, group: ir.Group, inside: tuple[Step, ...]) -> tuple[Step, ...]:
    """A group that came later, encoded: a packet has it from that version on, a struct always."""
    place, least = _place(item), f"{ir.total_size(group.fields).min}u"
    if isinstance(item, ir.Packet):
        return (Step(is_optional=True, is_group=True, condition=f"version >= {group.since}u",
                     least=least, steps=inside, size_steps=steps.sized(inside),
                     size_sum=place.size_sum),)
    return (Step(is_extra=True, least=least, size_sum=place.size_sum), *inside)


def _encode_steps(item: Body) -> tuple[Step, ...]:
    found: list[Step] = []
    for group, inside in _group_steps(item):
        found.extend(_later(item, group, inside) if group.since > 1 else inside)
    return tuple(found)


def _body(item: Body) -> BodyView:
    is_packet = isinstance(item, ir.Packet)
    size = item.payload if isinstance(item, ir.Packet) else item.size
    run = Steps(_place(item))
    if item.is_fixed:
        for member in item.fields:
            run.type(member.type, run.place.base + member.name)
    parts = () if item.is_fixed else _decode_steps(item)
    encoded = () if item.is_fixed else _encode_steps(item)
    size_steps = steps.sized(encoded)
    inline = run.run()
    view = BodyView(
        tag=naming.tag(item), doc=layout.comment(described(item)),
        variable="packet" if is_packet else "value",
        is_empty=not item.fields and item.is_fixed, is_fixed=item.is_fixed,
        is_fixed_with_fields=item.is_fixed and bool(item.fields), is_variable=not item.is_fixed,
        is_extensible=isinstance(item, ir.Struct) and item.extensible,
        size_min=f"{size.min}u", size_min_number=str(size.min), size_max=f"{size.max}u",
        values=inline, steps=parts,
        encode_steps=tuple(step for step in encoded if not step.is_extra),
        size_steps=size_steps, groups=_groups(item),
        decode_needs_at=steps.needs_at(parts),
        decode_needs_error=steps.needs_error(parts) or steps.values_call(inline),
        ending=_ending(item), has_no_steps=not parts,
        ignores_room=not steps.needs_room(encoded),
        size_ignores_value=not steps.sizes_vary(size_steps),
        declares_error=steps.needs_error(parts)
        and not (isinstance(item, ir.Struct) and item.extensible))
    return _packet_view(view, item) if isinstance(item, ir.Packet) else view


def _packet_view(view: BodyView, packet: ir.Packet) -> BodyView:
    """With what only a packet's view has."""
    return replace(
        view,
        id_macro=naming.packet_macro(packet, "ID"),
        min_macro=naming.packet_macro(packet, "FRAME_MIN"),
        max_macro=naming.packet_macro(packet, "FRAME_MAX"),
        version_macro=naming.protocol_macro(packet.protocol, "VERSION"), grows=packet.grows,
        same=not packet.grows, is_latest=packet.latest is not None,
        is_event=packet.latest is None, latest_field=packet.latest or "",
        latest_key=_latest_key(packet),
        checks_limit=packet.is_open, trusts_size=not packet.is_open)


def _latest_key(packet: ir.Packet) -> str:
    """The field's bytes as a number, which is what a relay reads."""
    if packet.latest is None:
        return ""
    field = next(field for field in packet.fields if field.name == packet.latest)
    bits = 8 * field.type.size.min
    narrowed = f"(uint{bits}_t)" if bits < 64 else ""
    return f"(uint64_t){narrowed}packet->{packet.latest}"


def described(item: Body | ir.Union | ir.Enum | ir.Flags) -> str:
    """The doc, and that it is deprecated."""
    if item.deprecated is None:
        return item.doc
    return f"{item.doc} Deprecated{': ' if item.deprecated else '.'}{item.deprecated}".strip()


# ---- unions ----


def _case(union: ir.Union, case: ir.Case) -> CaseView:
    place = INSIDE if union.open else PART
    inside = Steps(place)
    if case.type is not None:
        inside.type(case.type, f"value->{case.name}")
        inside.flush()
    head = union.tag.width + (ir.LENGTH_WIDTH if union.open else 0)
    extra = (case.type.size.min if case.type else 0) - (union.size.min - head)
    return CaseView(naming.case(union, case), tuple(inside.steps),
                    steps.sized(inside.steps), f"{extra}u", extra > 0)


def _union(union: ir.Union) -> UnionView:
    cases = tuple(_case(union, case) for case in union.cases)
    inside = [step for case in cases for step in case.steps]
    return UnionView(
        tag=naming.tag(union), tag_enum=naming.union_tag(union),
        getter=f"pc_wire_get_{union.tag.name}", putter=f"pc_wire_put_{union.tag.name}",
        raw_type=naming.SCALAR_TYPES[union.tag.name], tag_size=f"{union.tag.width}u",
        size_min_number=str(union.size.min), cases=cases, is_open=union.open,
        is_closed=not union.open, unknown=naming.unknown_case(union) if union.open else "",
        ignores_room=not steps.needs_room(inside),
        decode_needs_at=True, decode_needs_error=union.open or steps.needs_error(inside))


def _part(item: ir.Struct | ir.Union) -> PartView:
    is_struct = isinstance(item, ir.Struct)
    return PartView(naming.tag(item), str(item.size.min), is_struct, not is_struct,
                    (_body(item),) if isinstance(item, ir.Struct) else (),
                    (_union(item),) if isinstance(item, ir.Union) else ())


# ---- assertions ----


def _term(type_: ir.Type) -> str:
    """The most bytes of a field, spelled with its constants."""
    match type_:
        case ir.Text() | ir.Bytes():
            return f"{type_.bound.prefix.width}u + {bound(type_.bound)}"
        case ir.Array():
            prefix = f"{type_.bound.prefix.width}u + " if type_.counted else ""
            return f"{prefix}{bound(type_.bound)} * {type_.element.size.max}u"
        case ir.Optional():
            return f"1u + {_term(type_.inner)}"
        case _:
            return f"{type_.size.max}u"


def _assertion(condition: str, message: str) -> Assertion:
    wrapped = textwrap.wrap(f"_Static_assert({condition},", layout.COLUMNS,
                            subsequent_indent=" " * 15, break_long_words=False)
    return Assertion("\n".join(wrapped), message)


def _text_of(type_: ir.Type) -> ir.Text | None:
    inner = type_.inner if isinstance(type_, ir.Optional) else type_
    return inner if isinstance(inner, ir.Text) else None


def _assertions(protocol: ir.Protocol) -> tuple[Assertion, ...]:
    """Sizes as the C compiler sees them must be those that pcgen computed."""
    result = [Assertion(f"_Static_assert({naming.protocol_macro(protocol.name, 'FRAME_MAX')} <= "
                        "PC_FRAME_SIZE_LIMIT,", f"{protocol.name}: limits.frame_max")]
    for packet in protocol.packets:
        largest = naming.packet_macro(packet, "FRAME_MAX")
        limit = naming.protocol_macro(protocol.name, "FRAME_MAX")
        terms = " + ".join(["PC_FRAME_HEADER_SIZE", *(_term(f.type) for f in packet.fields)])
        relation = "==" if not packet.is_open else ">="
        result.append(_assertion(f"{largest} <= {limit} && {largest} {relation} {terms}",
                                 naming.tag(packet)))
    for body in bodies(protocol):
        for member in body.fields:
            text = _text_of(member.type)
            if text is not None:
                place = f"(({naming.struct(body)} *)0)->{member.name}"
                result.append(_assertion(f"sizeof {place} == {bound(text.bound)} + 1u",
                                         f"{naming.tag(body)}.{member.name}"))
    return tuple(result)


# ---- the whole ----


def _flags(flags: ir.Flags) -> FlagsCheck:
    all_known = flags.mask == flags.base.max
    return FlagsCheck(naming.tag(flags), naming.SCALAR_TYPES[flags.base.name],
                      values.integer(flags.base.max - flags.mask), not all_known, all_known)


def lower(protocol: ir.Protocol) -> CodecView:
    """The codec's header and source."""
    others = sorted(used_protocols(protocol) - {protocol.name})
    return CodecView(
        source=protocol.source,
        protocol=protocol.name,
        own_header=naming.header(protocol.name, "codec"),
        includes=tuple(sorted([naming.header(protocol.name, "types"),
                               *(naming.header(other, "codec") for other in others)])),
        enums=tuple(enum_view(enum) for enum in protocol.enums),
        flags=tuple(_flags(flags) for flags in protocol.flags),
        fixed_structs=tuple(_body(item) for item in protocol.structs if item.is_fixed),
        parts=tuple(_part(item) for item in protocol.composites if not item.is_fixed),
        packets=tuple(_body(packet) for packet in protocol.packets),
        assertions=_assertions(protocol),
    )
