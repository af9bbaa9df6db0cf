"""[D] Protocol -> the view of its codec.

A body (struct or packet) becomes steps. Values of fixed size that lie behind one another are one
run: the decoder checks once that all of them are there. The prefix of a field of variable size
still belongs to the run before it. A body of one possible size is a single run without a reader.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field, replace

from pcgen import ir
from pcgen.c import layout, naming
from pcgen.c.lower_ids import enum_view
from pcgen.c.lower_types import bodies, bound, used_protocols, value_type
from pcgen.c.views import Assertion, BodyView, CodecView, Step, Value


def _place(offset: int, stride: int = 0) -> str:
    """`at + 4`, or with a stride `at + 4 + i * 8`."""
    parts = ["at", *([str(offset)] if offset else [])]
    if stride:
        parts.append("i" if stride == 1 else f"i * {stride}u")
    return " + ".join(parts)


def _scalar(scalar: ir.Scalar, target: str, at: str) -> Value:
    wire = "u8" if scalar.kind is ir.ScalarKind.BOOL else scalar.name
    return Value(
        target=target, at=at, getter=f"pc_wire_get_{wire}", putter=f"pc_wire_put_{wire}",
        wire_type="", c_type=naming.SCALAR_TYPES[scalar.name],
        check=f"pc_wire_{wire}_is_finite",
        is_bool=scalar.kind is ir.ScalarKind.BOOL,
        is_float=scalar.kind is ir.ScalarKind.FLOAT,
        is_plain=scalar.kind in (ir.ScalarKind.UNSIGNED, ir.ScalarKind.SIGNED))


def _value(type_: ir.Type, target: str, at: str) -> Value:
    """One value of fixed size."""
    match type_:
        case ir.Scalar():
            return _scalar(type_, target, at)
        case ir.Enum():
            stem = naming.tag(type_)
            return Value(target=target, at=at, getter=f"pc_wire_get_{type_.base.name}",
                         putter=f"pc_wire_put_{type_.base.name}",
                         wire_type=naming.SCALAR_TYPES[type_.base.name],
                         c_type=naming.enum(type_), check=f"{stem}_is_valid", is_enum=True)
        case ir.Struct():
            stem = naming.tag(type_)
            return Value(target=target, at=at, getter=f"{stem}_get", putter=f"{stem}_put",
                         wire_type="", c_type=naming.struct(type_), check="", is_struct=True)
        case _:
            raise NotImplementedError(type_)


def _prefix(size: ir.Bound, target: str, at: str) -> Value:
    name = size.prefix.name
    return Value(target=target, at=at, getter=f"pc_wire_get_{name}",
                 putter=f"pc_wire_put_{name}", wire_type=naming.SCALAR_TYPES[name],
                 c_type="uint16_t", check="", is_prefix=True)


def _is_byte(type_: ir.Type) -> bool:
    return isinstance(type_, ir.Scalar) and type_.name == "u8"


def _fixed_array(array: ir.Array, target: str, offset: int) -> Value:
    block = _is_byte(array.element)
    element = _value(array.element, f"{target}[i]", _place(offset, array.element.size.min))
    return Value(target=target, at=_place(offset), getter="", putter="", wire_type="",
                 c_type=value_type(array.element), check="", is_byte_block=block,
                 is_loop=not block, count=bound(array.bound),
                 elements=() if block else (element,))


@dataclass(slots=True)
class _Steps:
    """Collects the steps of a body; `values` is the run that is still open."""

    base: str
    steps: list[Step] = field(default_factory=list)
    values: list[Value] = field(default_factory=list)
    offset: int = 0

    def add(self, value: Value, width: int) -> None:
        self.values.append(value)
        self.offset += width

    def flush(self) -> None:
        if self.values:
            self.steps.append(Step(is_run=True, size=f"{self.offset}u", values=tuple(self.values)))
        self.values, self.offset = [], 0

    def field(self, item: ir.Field) -> None:
        target = self.base + item.name
        match item.type:
            case ir.Text() | ir.Bytes():
                self.announced(item.type, target)
            case ir.Array():
                self.array(item.type, target)
            case _ if item.type.size.is_fixed:
                self.add(_value(item.type, target, _place(self.offset)), item.type.size.min)
            case _:
                self.flush()
                stem = naming.tag(item.type) if isinstance(item.type, ir.Struct) else ""
                self.steps.append(Step(is_nested=True, target=target, stem=stem))

    def announced(self, type_: ir.Text | ir.Bytes, target: str) -> None:
        prefix = _prefix(type_.bound, f"{target}_size", _place(self.offset))
        self.add(prefix, type_.bound.prefix.width)
        self.flush()
        self.steps.append(Step(is_text=isinstance(type_, ir.Text),
                               is_bytes=isinstance(type_, ir.Bytes), target=target,
                               count=f"{target}_size", bound=bound(type_.bound)))

    def array(self, array: ir.Array, target: str) -> None:
        if array.size.is_fixed:
            self.add(_fixed_array(array, target, self.offset), array.size.min)
            return
        count = f"{target}_count" if array.counted else bound(array.bound)
        if array.counted:
            prefix = _prefix(array.bound, count, _place(self.offset))
            self.add(prefix, array.bound.prefix.width)
        self.flush()
        fixed = array.element.size.is_fixed
        width = array.element.size.min
        self.steps.append(Step(
            is_counted=fixed and not _is_byte(array.element),
            is_counted_bytes=_is_byte(array.element),
            is_nested_counted=not fixed and array.counted,
            is_nested_array=not fixed and not array.counted,
            target=target, count=count, bound=bound(array.bound), element_size=f"{width}u",
            stem=naming.tag(array.element) if isinstance(array.element, ir.Struct) else "",
            values=(_value(array.element, f"{target}[i]", _place(0, width)),) if fixed else ()))


# A packet's functions own the reader and the sum; a struct's get their addresses.
_PACKET_PLACES = {"reader": "&reader", "size_sum": "size", "size_place": "&size"}
_STRUCT_PLACES = {"reader": "reader", "size_sum": "*size", "size_place": "size"}


def _body(item: ir.Struct | ir.Packet) -> BodyView:
    variable = "packet" if isinstance(item, ir.Packet) else "value"
    size = item.payload if isinstance(item, ir.Packet) else item.size
    steps = _Steps(f"{variable}->")
    for member in item.fields:
        steps.field(member)
    values = tuple(steps.values) if size.is_fixed else ()
    steps.flush()
    place = _PACKET_PLACES if isinstance(item, ir.Packet) else _STRUCT_PLACES
    parts = () if size.is_fixed else tuple(replace(step, **place) for step in steps.steps)
    names = ("", "", "")
    if isinstance(item, ir.Packet):
        names = (naming.packet_macro(item, "ID"), naming.packet_macro(item, "FRAME_MIN"),
                 naming.packet_macro(item, "FRAME_MAX"))
    fails = [value for step in parts if step.is_run or step.is_counted for value in step.values]
    return BodyView(
        tag=naming.tag(item), doc=layout.comment(item.doc), variable=variable,
        is_empty=not item.fields, is_fixed=size.is_fixed,
        is_fixed_with_fields=size.is_fixed and bool(item.fields), is_variable=not size.is_fixed,
        size_min=f"{size.min}u", size_min_number=str(size.min), size_max=f"{size.max}u",
        values=values, steps=parts,
        size_steps=tuple(step for step in parts if not step.is_run),
        decode_needs_at=any(step.is_run or step.is_counted or step.is_counted_bytes
                            for step in parts),
        decode_needs_error=any(step.is_text or step.is_bytes or step.stem for step in parts)
        or any(_gets_struct(value) for value in (*fails, *values)),
        id_macro=names[0], min_macro=names[1], max_macro=names[2])


def _gets_struct(value: Value) -> bool:
    return value.is_struct or any(_gets_struct(element) for element in value.elements)


def _term(type_: ir.Type) -> str:
    """The most bytes of a field, spelled with its constants."""
    match type_:
        case ir.Text() | ir.Bytes():
            return f"{type_.bound.prefix.width}u + {bound(type_.bound)}"
        case ir.Array():
            prefix = f"{type_.bound.prefix.width}u + " if type_.counted else ""
            return f"{prefix}{bound(type_.bound)} * {type_.element.size.max}u"
        case _:
            return f"{type_.size.max}u"


def _assertion(condition: str, message: str) -> Assertion:
    wrapped = textwrap.wrap(f"_Static_assert({condition},", layout.COLUMNS,
                            subsequent_indent=" " * 15, break_long_words=False)
    return Assertion("\n".join(wrapped), message)


def _assertions(protocol: ir.Protocol) -> tuple[Assertion, ...]:
    """Sizes as the C compiler sees them must be those that pcgen computed."""
    result = [Assertion(f"_Static_assert({naming.protocol_macro(protocol.name, 'FRAME_MAX')} <= "
                        "PC_FRAME_SIZE_LIMIT,", f"{protocol.name}: limits.frame_max")]
    for packet in protocol.packets:
        largest = naming.packet_macro(packet, "FRAME_MAX")
        limit = naming.protocol_macro(protocol.name, "FRAME_MAX")
        terms = " + ".join(["PC_FRAME_HEADER_SIZE", *(_term(f.type) for f in packet.fields)])
        result.append(_assertion(f"{largest} <= {limit} && {largest} == {terms}",
                                 naming.tag(packet)))
    for body in bodies(protocol):
        for member in body.fields:
            if isinstance(member.type, ir.Text):
                place = f"(({naming.struct(body)} *)0)->{member.name}"
                result.append(_assertion(f"sizeof {place} == {bound(member.type.bound)} + 1u",
                                         f"{naming.tag(body)}.{member.name}"))
    return tuple(result)


def lower(protocol: ir.Protocol) -> CodecView:
    """The codec's header and source."""
    others = sorted(used_protocols(bodies(protocol)) - {protocol.name})
    structs = [(struct, _body(struct)) for struct in protocol.structs]
    return CodecView(
        source=protocol.source,
        protocol=protocol.name,
        own_header=naming.header(protocol.name, "codec"),
        includes=tuple(sorted([naming.header(protocol.name, "types"),
                               *(naming.header(other, "codec") for other in others)])),
        enums=tuple(enum_view(enum) for enum in protocol.enums),
        fixed_structs=tuple(view for struct, view in structs if struct.size.is_fixed),
        variable_structs=tuple(view for struct, view in structs if not struct.size.is_fixed),
        packets=tuple(_body(packet) for packet in protocol.packets),
        assertions=_assertions(protocol),
    )
