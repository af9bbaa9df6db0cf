"""[D] Protocol -> the view of its checks: validate and equal of everything that lies in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pcgen import ir
from pcgen.c import naming, values
from pcgen.c.lower_types import part_includes
from pcgen.c.values import bound
from pcgen.c.views import Refusal


@dataclass(frozen=True, slots=True)
class CheckItem:
    """One check of a value in memory: what refuses it, a call that may, or more of them."""

    refusals: tuple[Refusal, ...] = ()
    call: str = ""
    is_loop: bool = False  # count times items
    is_guard: bool = False  # items, if condition is true
    count: str = ""
    condition: str = ""
    items: tuple[CheckItem, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckCase:
    enumerator: str
    validate: tuple[CheckItem, ...]
    equal: tuple[CheckItem, ...]


@dataclass(frozen=True, slots=True)
class CheckPart:
    """A struct, packet or union."""

    tag: str
    is_body: bool
    is_union: bool
    validate: tuple[CheckItem, ...]
    equal: tuple[CheckItem, ...]
    cases: tuple[CheckCase, ...]
    needs_error: bool
    is_always_valid: bool
    is_always_equal: bool
    is_open: bool
    unknown: str
    unknown_refusals: tuple[Refusal, ...]  # a case that is known is not unknown


@dataclass(frozen=True, slots=True)
class CheckView:
    source: str
    protocol: str
    own_header: str
    includes: tuple[str, ...]
    parts: tuple[CheckPart, ...]


Body = ir.Struct | ir.Packet
_CHECKS = {ir.Charset.UTF8: "text", ir.Charset.ASCII: "ascii", ir.Charset.PRINTABLE: "printable"}
ItemOf = Callable[[ir.Type, str], tuple[CheckItem, ...]]


def _refused(condition: str, error: str) -> tuple[CheckItem, ...]:
    return (CheckItem(refusals=(Refusal(condition, error),)),)


# ---- validate ----


def _valid_scalar(scalar: ir.Scalar, target: str) -> tuple[CheckItem, ...]:
    refusals: list[Refusal] = []
    if scalar.kind is ir.ScalarKind.FLOAT:
        refusals.append(Refusal(f"!pc_wire_is_finite({target})", "PC_WIRE_FLOAT"))
    refusals.extend(values.refused_range(scalar, target))
    return (CheckItem(refusals=tuple(refusals)),) if refusals else ()


def _valid_enum(enum: ir.Enum, target: str) -> tuple[CheckItem, ...]:
    wire = naming.SCALAR_TYPES[enum.base.name]
    too_wide = f"({naming.enum(enum)})({wire}){target} != {target}"
    if enum.unknown is ir.Unknown.KEEP:
        return _refused(too_wide, "PC_WIRE_ENUM")
    return (*_refused(too_wide, "PC_WIRE_ENUM"),
            *_refused(f"!{naming.tag(enum)}_is_valid(({wire}){target})", "PC_WIRE_ENUM"))


def _valid_size(type_: ir.Text | ir.Bytes, target: str) -> tuple[CheckItem, ...]:
    too_few = f"{target}_size < {type_.min}u || " if type_.min else ""
    size = _refused(f"{too_few}{target}_size > {bound(type_.bound)}", "PC_WIRE_COUNT")
    if isinstance(type_, ir.Bytes):
        return size
    check = f"pc_wire_check_{_CHECKS[type_.charset]}({target}, {target}_size)"
    return (*size, CheckItem(call=check))


def _valid(type_: ir.Type, target: str) -> tuple[CheckItem, ...]:
    match type_:
        case ir.Scalar():
            return _valid_scalar(type_, target)
        case ir.Enum():
            return _valid_enum(type_, target)
        case ir.Flags():
            if type_.unknown is ir.Unknown.KEEP or type_.mask == type_.base.max:
                return ()
            return _refused(f"!{naming.tag(type_)}_is_valid({target})", "PC_WIRE_FLAGS")
        case ir.Quant():
            half = float(type_.step / 2)
            low, high = type_.least - half, type_.most + half
            return _refused(f"!({target} >= {low!r} && {target} <= {high!r})", "PC_WIRE_RANGE")
        case ir.Struct() | ir.Union():
            return (CheckItem(call=f"{naming.tag(type_)}_validate(&{target})"),)
        case ir.Text() | ir.Bytes():
            return _valid_size(type_, target)
        case ir.Array():
            count = (_refused(f"{target}_count > {bound(type_.bound)}", "PC_WIRE_COUNT")
                     if type_.counted else ())
            return count + _each(type_, target, _valid)
        case ir.Optional():
            return _guarded(type_, target, target, _valid)


def _each(array: ir.Array, target: str, item_of: ItemOf) -> tuple[CheckItem, ...]:
    inside = item_of(array.element, f"{target}[i]")
    count = f"{target}_count" if array.counted else bound(array.bound)
    return (CheckItem(is_loop=True, count=count, items=inside),) if inside else ()


def _guarded(optional: ir.Optional, target: str, holder: str,
             item_of: ItemOf) -> tuple[CheckItem, ...]:
    inside = item_of(optional.inner, target)
    start, name = values.split(holder)
    return (CheckItem(is_guard=True, condition=f"{start}has_{name}", items=inside),) \
        if inside else ()


# ---- equal ----


def _other(target: str) -> str:
    return "b" + target[1:]


def _equal(type_: ir.Type, target: str) -> tuple[CheckItem, ...]:
    """`target` begins with `a`; the other value has everything at the same place of `b`."""
    other = _other(target)
    match type_:
        case ir.Struct() | ir.Union():
            return _refused(f"!{naming.tag(type_)}_equal(&{target}, &{other})", "false")
        case ir.Text() | ir.Bytes():
            size = f"{target}_size"
            return (*_refused(f"{size} != {_other(size)}", "false"),
                    *_refused(f"!pc_wire_same_bytes({target}, {other}, {size})", "false"))
        case ir.Array():
            count = f"{target}_count"
            sizes = _refused(f"{count} != {_other(count)}", "false") if type_.counted else ()
            return sizes + _each(type_, target, _equal)
        case ir.Optional():
            start, name = values.split(target)
            flag = f"{start}has_{name}"
            return (*_refused(f"{flag} != {_other(flag)}", "false"),
                    *_guarded(type_, target, target, _equal))
        case _:
            return _refused(f"{target} != {other}", "false")


# ---- parts ----


def _items(fields: Iterable[ir.Field], base: str, item_of: ItemOf) -> tuple[CheckItem, ...]:
    return tuple(item for field in fields for item in item_of(field.type, base + field.name))


def calls(items: Iterable[CheckItem]) -> bool:
    """True if one of them needs `error`."""
    return any(bool(item.call) or calls(item.items) for item in items)


def _body(item: Body) -> CheckPart:
    validate = _items(item.fields, "value->", _valid)
    equal = _items(item.fields, "a->", _equal)
    return CheckPart(naming.tag(item), True, False, validate, equal, (), calls(validate),
                     not validate, not equal, False, "", ())


def _union(union: ir.Union) -> CheckPart:
    cases = tuple(CheckCase(
        naming.case(union, case),
        _valid(case.type, f"value->{case.name}") if case.type else (),
        _equal(case.type, f"a->{case.name}") if case.type else ())
        for case in union.cases)
    return CheckPart(
        naming.tag(union), False, True, (), (), cases,
        any(calls(case.validate) for case in cases), False, False, union.open,
        naming.unknown_case(union) if union.open else "",
        tuple(Refusal(f"value->unknown_tag == {case.tag}", "PC_WIRE_TAG")
              for case in union.cases) if union.open else ())


def lower(protocol: ir.Protocol) -> CheckView:
    """Header and source."""
    parts = [_union(item) if isinstance(item, ir.Union) else _body(item)
             for item in protocol.composites]
    parts += [_body(packet) for packet in protocol.packets]
    return CheckView(protocol.source, protocol.name, naming.header(protocol.name, "check"),
                     tuple(sorted((naming.header(protocol.name, "codec"),
                                   *part_includes(protocol, "check")))), tuple(parts))
