"""[D] Protocol -> the view of its printing: every struct, union and packet as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pcgen import ir
from pcgen.c import naming, values
from pcgen.c.lower_types import part_includes
from pcgen.c.values import bound
from pcgen.passes.values import is_byte


@dataclass(frozen=True, slots=True)
class PrintItem:
    """Statements, or items that are printed several times or instead of null."""

    lines: tuple[str, ...] = ()
    is_loop: bool = False  # count times items
    is_choice: bool = False  # items, if condition is true
    count: str = ""
    condition: str = ""
    items: tuple[PrintItem, ...] = ()


@dataclass(frozen=True, slots=True)
class PrintCase:
    enumerator: str
    name: str
    has_value: bool
    is_bare: bool
    items: tuple[PrintItem, ...]


@dataclass(frozen=True, slots=True)
class PrintPart:
    """A packet, or what it is made of: then a struct or a union."""

    tag: str
    id_macro: str
    is_packet: bool
    is_part: bool
    is_body: bool
    is_union: bool
    items: tuple[PrintItem, ...]
    cases: tuple[PrintCase, ...]
    is_empty: bool  # of what may be printed
    is_open: bool
    unknown: str


@dataclass(frozen=True, slots=True)
class BitsView:
    """The names of flags."""

    name: str
    count: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PrintView:
    source: str
    protocol: str
    own_header: str
    codec_header: str
    print_frame: str
    has_packets: bool
    includes: tuple[str, ...]
    flags: tuple[BitsView, ...]
    parts: tuple[PrintPart, ...]


Body = ir.Struct | ir.Packet
SECRET = 'pc_json_string(json, "<secret>", 8);'


def _said(*lines: str) -> tuple[PrintItem, ...]:
    return (PrintItem(lines=lines),)


def _scalar(scalar: ir.Scalar, target: str) -> str:
    match scalar.kind:
        case ir.ScalarKind.BOOL:
            return f"pc_json_bool(json, {target});"
        case ir.ScalarKind.FLOAT:
            return f"pc_json_{scalar.name}(json, {target});"
        case ir.ScalarKind.SIGNED:
            return f"pc_json_signed(json, {target});"
        case ir.ScalarKind.UNSIGNED:
            return f"pc_json_unsigned(json, {target});"


def _value(type_: ir.Type, target: str) -> tuple[PrintItem, ...]:
    match type_:
        case ir.Scalar():
            return _said(_scalar(type_, target))
        case ir.Quant():
            return _said(f"pc_json_{'f64' if type_.is_double else 'f32'}(json, {target});")
        case ir.Enum():
            tag = naming.tag(type_)
            wire = naming.SCALAR_TYPES[type_.base.name]  # where the enum type has another sign
            return _said(f"pc_json_name(json, {tag}_name({target}), ({wire}){target});")
        case ir.Flags():
            table = flags_table(type_)
            return _said(f"pc_json_flags(json, {target}, {table}, {len(type_.bits)});")
        case ir.Struct() | ir.Union():
            return _said(f"{naming.tag(type_)}_print_to(json, &{target});")
        case ir.Text():
            return _said(f"pc_json_string(json, {target}, {target}_size);")
        case ir.Bytes():
            return _said(f"pc_json_hex(json, {target}, {target}_size);")
        case ir.Array():
            return _array(type_, target)
        case ir.Optional():
            start, name = values.split(target)
            return (PrintItem(is_choice=True, condition=f"{start}has_{name}",
                              items=_value(type_.inner, target)),)


def flags_table(flags: ir.Flags) -> str:
    """The names of flags, as a table of the printing source that declares them."""
    return f"{naming.tag(flags)}_bits"


def _array(array: ir.Array, target: str) -> tuple[PrintItem, ...]:
    count = f"{target}_count" if array.counted else bound(array.bound)
    if is_byte(array.element):
        return _said(f"pc_json_hex(json, {target}, {count});")
    return (PrintItem(lines=("pc_json_open(json, '[');",)),
            PrintItem(is_loop=True, count=count, items=_value(array.element, f"{target}[i]")),
            PrintItem(lines=("pc_json_close(json, ']');",)))


def _fields(fields: Iterable[ir.Field]) -> tuple[PrintItem, ...]:
    items: list[PrintItem] = []
    for field in fields:
        items.extend(_said(f'pc_json_key(json, "{field.name}");'))
        items.extend(_said(SECRET) if field.secret else _value(field.type, f"value->{field.name}"))
    return tuple(items)


def _body(item: Body) -> PrintPart:
    is_packet = isinstance(item, ir.Packet)
    id_macro = naming.packet_macro(item, "ID") if isinstance(item, ir.Packet) else ""
    return PrintPart(naming.tag(item), id_macro, is_packet, not is_packet, True, False,
                     _fields(item.fields), (), all(field.secret for field in item.fields), False,
                     "")


def _union(union: ir.Union) -> PrintPart:
    cases = tuple(PrintCase(
        naming.case(union, case), case.name, case.type is not None, case.type is None,
        _value(case.type, f"value->{case.name}") if case.type else ())
        for case in union.cases)
    return PrintPart(naming.tag(union), "", False, True, False, True, (), cases, False, union.open,
                     naming.unknown_case(union) if union.open else "")


def _table(flags: ir.Flags) -> BitsView:
    last = len(flags.bits) - 1
    return BitsView(flags_table(flags), str(len(flags.bits)),
                      tuple(f'{{"{bit.name}", {values.integer(bit.mask)}}}'
                            f'{"" if index == last else ","}'
                            for index, bit in enumerate(flags.bits)))


def lower(protocol: ir.Protocol) -> PrintView:
    """Header and source."""
    parts = [_union(item) if isinstance(item, ir.Union) else _body(item)
             for item in protocol.composites]
    parts += [_body(packet) for packet in protocol.packets]
    return PrintView(protocol.source, protocol.name, naming.header(protocol.name, "print"),
                     naming.header(protocol.name, "codec"), f"{protocol.name}_print_frame",
                     bool(protocol.packets),
                     tuple(sorted(("pc/json.h", naming.header(protocol.name, "types"),
                                   *part_includes(protocol, "print")))),
                     tuple(_table(flags) for flags in protocol.flags), tuple(parts))
