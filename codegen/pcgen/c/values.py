"""[D] One value of fixed size: how it is refused, read and written; its C type and literals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from pcgen import ir
from pcgen.c import naming
from pcgen.c.views import Refusal, Value

INT32_MAX = 0x7FFF_FFFF
UINT32_MAX = 0xFFFF_FFFF
INT64_MIN = -0x8000_0000_0000_0000
_LITERAL_MAX = 50  # characters that have room in a line of any depth


def integer(value: int) -> str:
    """A C integer constant: unsigned if it can be, of 64 bits where 32 do not do."""
    if 0 <= value <= UINT32_MAX:
        return f"{value}u"
    if value > UINT32_MAX:
        return f"UINT64_C({value})"
    if value >= -INT32_MAX:
        return f"({value})"
    return "INT64_MIN" if value == INT64_MIN else f"(-INT64_C({-value}))"


def number(value: int | float) -> str:
    """A C constant of a number's own type; a float is a double."""
    return repr(value) if isinstance(value, float) else integer(value)


def bound(item: ir.Bound) -> str:
    """A bound as C sees it: the constant's macro, or the number."""
    return naming.const(item.const) if item.const else f"{item.value}u"


def limit(item: ir.Limit, scalar: ir.Scalar) -> str:
    """The end of a range. A signed number is compared with a signed constant, a float with a
    double: an integer constant would be rounded to what the float can say."""
    if scalar.kind is ir.ScalarKind.FLOAT:
        return repr(float(item.value))
    if item.const is not None:
        name = naming.const(item.const)
        signed = scalar.kind is ir.ScalarKind.SIGNED and item.value >= 0
        return f"({naming.SCALAR_TYPES[scalar.name]}){name}" if signed else name
    if scalar.kind is ir.ScalarKind.SIGNED and 0 <= item.value <= INT32_MAX:
        return str(item.value)
    if scalar.kind is ir.ScalarKind.SIGNED and item.value > INT32_MAX:
        return f"INT64_C({item.value})"
    return number(item.value)


def quant_type(quant: ir.Quant) -> str:
    return "double" if quant.is_double else "float"


def value_type(type_: ir.Element) -> str:
    """The C type of one value."""
    match type_:
        case ir.Scalar():
            return naming.SCALAR_TYPES[type_.name]
        case ir.Enum():
            return naming.enum(type_)
        case ir.Flags():
            return naming.SCALAR_TYPES[type_.base.name]
        case ir.Quant():
            return quant_type(type_)
        case ir.Struct() | ir.Union():
            return naming.struct(type_)


def range_terms(scalar: ir.Scalar, value: str) -> list[str]:
    """The C conditions that a value is outside its range. What the type already answers is left
    out: compilers warn of it."""
    terms: list[str] = []
    if scalar.range is None:
        return terms
    is_float = scalar.kind is ir.ScalarKind.FLOAT
    if is_float or scalar.range.low.value > scalar.min:
        terms.append(f"{value} < {limit(scalar.range.low, scalar)}")
    if is_float or scalar.range.high.value < scalar.max:
        terms.append(f"{value} > {limit(scalar.range.high, scalar)}")
    return terms


def refused_range(scalar: ir.Scalar, value: str) -> tuple[Refusal, ...]:
    terms = range_terms(scalar, value)
    return (Refusal(" || ".join(terms), "PC_WIRE_RANGE"),) if terms else ()


def _scalar(scalar: ir.Scalar, target: str, at: str) -> Value:
    wire = "u8" if scalar.kind is ir.ScalarKind.BOOL else scalar.name
    get = f"pc_wire_get_{wire}({at})"
    store = f"pc_wire_put_{wire}({at}, {target});"
    match scalar.kind:
        case ir.ScalarKind.BOOL:
            return Value(refusals=(Refusal(f"{get} > 1", "PC_WIRE_BOOL"),),
                         load=f"{target} = {get} != 0;", store=store)
        case ir.ScalarKind.FLOAT:
            finite = Refusal(f"!pc_wire_{wire}_is_finite({at})", "PC_WIRE_FLOAT")
            ranges = refused_range(scalar, get)
            return Value(refusals=(finite, *ranges),
                         load=f"pc_wire_load_{scalar.width * 8}(&{target}, {at}, 1);",
                         store=f"pc_wire_store_{scalar.width * 8}({at}, &{target}, 1);",
                         finite="" if ranges else wire, at=at)
        case ir.ScalarKind.UNSIGNED | ir.ScalarKind.SIGNED:
            return Value(refusals=refused_range(scalar, get), load=f"{target} = {get};",
                         store=store)


def _enum(enum: ir.Enum, target: str, at: str) -> Value:
    get = f"pc_wire_get_{enum.base.name}({at})"
    refusal = Refusal(f"!{naming.tag(enum)}_is_valid({get})", "PC_WIRE_ENUM")
    wire = naming.SCALAR_TYPES[enum.base.name]
    return Value(refusals=(refusal,) if enum.unknown is ir.Unknown.REJECT else (),
                 load=f"{target} = ({naming.enum(enum)}){get};",
                 store=f"pc_wire_put_{enum.base.name}({at}, ({wire}){target});")


def _flags(flags: ir.Flags, target: str, at: str) -> Value:
    get = f"pc_wire_get_{flags.base.name}({at})"
    refusal = Refusal(f"!{naming.tag(flags)}_is_valid({get})", "PC_WIRE_FLAGS")
    return Value(refusals=(refusal,) if flags.unknown is ir.Unknown.REJECT else (),
                 load=f"{target} = {get};",
                 store=f"pc_wire_put_{flags.base.name}({at}, {target});")


def _quant(quant: ir.Quant, target: str, at: str) -> Value:
    base = quant.base
    get = f"pc_wire_get_{base.name}({at})"
    too_many = (Refusal(f"{get} > {quant.steps}u", "PC_WIRE_RANGE"),)
    value = f"pc_wire_value_of({get}, {quant.least!r}, {quant.scale!r})"
    cast = "" if base.name == "u32" else f"({naming.SCALAR_TYPES[base.name]})"
    steps = (f"pc_wire_steps({target}, {quant.least!r}, {quant.inverse!r}, {quant.steps}u)")
    return Value(refusals=too_many if quant.steps < base.max else (),
                 load=f"{target} = {value};" if quant.is_double else f"{target} = (float){value};",
                 store=f"pc_wire_put_{base.name}({at}, {cast}{steps});")


def fixed(type_: ir.Element, target: str, at: str) -> Value:
    """One value of fixed layout."""
    match type_:
        case ir.Scalar():
            return _scalar(type_, target, at)
        case ir.Enum():
            return _enum(type_, target, at)
        case ir.Flags():
            return _flags(type_, target, at)
        case ir.Quant():
            return _quant(type_, target, at)
        case ir.Struct() | ir.Union():
            stem = naming.tag(type_)
            return Value(call=f"{stem}_get({at}, &{target})",
                         store=f"{stem}_put({at}, &{target});")


def merged(values: Sequence[Value]) -> tuple[Value, ...]:
    """The values of a run; floats behind one another are looked at together."""
    result: list[Value] = []
    for finite, group in groupby(values, key=lambda value: value.finite):
        items = list(group)
        if finite and len(items) > 1:
            check = f"!pc_wire_{finite}s_are_finite({items[0].at}, {len(items)})"
            items = [replace(item, refusals=()) for item in items]
            items[0] = replace(items[0], refusals=(Refusal(check, "PC_WIRE_FLOAT"),))
        result += items
    return tuple(result)


def prefix(size: ir.Bound, least: int, target: str, at: str) -> Value:
    """A size or count, which is 16 bits wide in memory; the bound is checked where it is used."""
    name = size.prefix.name
    get = f"pc_wire_get_{name}({at})"
    too_few = (Refusal(f"{get} < {least}u", "PC_WIRE_COUNT"),) if least else ()
    cast = "" if name == "u16" else f"({naming.SCALAR_TYPES[name]})"
    return Value(refusals=too_few, load=f"{target} = {get};",
                 store=f"pc_wire_put_{name}({at}, {cast}{target});")


def bulk(element: ir.Element, target: str, at: str, count: str) -> Value | None:
    """Elements that can be copied as they lie; None if they must be looked at one by one."""
    if not isinstance(element, ir.Scalar) or element.range or element.kind is ir.ScalarKind.BOOL:
        return None
    if element.width == 1:
        return Value(load=f"memcpy({target}, {at}, {count});",
                     store=f"memcpy({at}, {target}, {count});")
    bits = element.width * 8
    refusals: tuple[Refusal, ...] = ()
    if element.kind is ir.ScalarKind.FLOAT:
        refusals = (Refusal(f"!pc_wire_{element.name}s_are_finite({at}, {count})",
                            "PC_WIRE_FLOAT"),)
    return Value(refusals=refusals, load=f"pc_wire_load_{bits}({target}, {at}, {count});",
                 store=f"pc_wire_store_{bits}({at}, {target}, {count});")


def _assigned_float(scalar: ir.Scalar | ir.Quant, value: float) -> str:
    single = not scalar.is_double if isinstance(scalar, ir.Quant) else scalar.width == 4
    return f"{value!r}f" if single else repr(value)


def assigned(type_: ir.Type, target: str, value: ir.Value) -> list[str]:
    """Statements that give a place in memory a value."""
    match type_:
        case ir.Scalar() | ir.Enum() | ir.Flags() | ir.Quant():
            return [f"{target} = {literal(type_, value)};"]
        case ir.Struct():
            assert isinstance(value, tuple)
            return [line for field, item in zip(type_.fields, value, strict=True)
                    for line in assigned(field.type, f"{target}.{field.name}", item)]
        case ir.Union():
            assert isinstance(value, ir.Chosen)
            return _assigned_union(type_, target, value)
        case ir.Optional():
            holder, name = split(target)
            flag = f"{holder}has_{name}"
            if value is None:
                return [f"{flag} = false;", *cleared(type_.inner, target)]
            return [f"{flag} = true;", *assigned(type_.inner, target, value)]
        case ir.Text() | ir.Bytes():
            assert isinstance(value, bytes)
            return _assigned_bytes(type_, target, value)
        case ir.Array():
            assert isinstance(value, bytes | tuple)
            count = [f"{target}_count = {len(value)};"] if type_.counted else []
            return count + [line for index, item in enumerate(value)
                            for line in assigned(type_.element, f"{target}[{index}]", item)]


def literal(type_: ir.Scalar | ir.Enum | ir.Flags | ir.Quant, value: ir.Value) -> str:
    """A C constant."""
    assert isinstance(value, int | float)
    if isinstance(type_, ir.Quant) or isinstance(type_, ir.Scalar) \
            and type_.kind is ir.ScalarKind.FLOAT:
        return _assigned_float(type_, float(value))
    if isinstance(type_, ir.Scalar) and type_.kind is ir.ScalarKind.BOOL:
        return "true" if value else "false"
    assert isinstance(value, int)
    return enum_literal(type_, value) if isinstance(type_, ir.Enum) else integer(value)


def enum_literal(enum: ir.Enum, value: int) -> str:
    """The enumerator, or the number of a value that is not listed."""
    name = next((item for item in enum.values if item.value == value), None)
    return naming.enumerator(enum, name) if name else f"({naming.enum(enum)}){integer(value)}"


def string_literal(data: bytes) -> str:
    return '"' + "".join(f"\\{byte:03o}" if byte < 32 or byte > 126 or byte in b'"\\?'
                         else chr(byte) for byte in data) + '"'


def _assigned_bytes(type_: ir.Text | ir.Bytes, target: str, value: bytes) -> list[str]:
    size = f"{target}_size = {len(value)};"
    literal = string_literal(value)
    copy = (f"memcpy({target}, {literal}, {len(value) + 1});" if isinstance(type_, ir.Text)
            else f"{target} = (const uint8_t *){literal};")
    return [size, *_unbroken(copy, len(literal))]


def _unbroken(statement: str, longest: int) -> list[str]:
    """A statement with a literal of that length, which is not broken where it is too long: where
    clang-format would do so is its own affair."""
    if longest <= _LITERAL_MAX:
        return [statement]
    return ["/* clang-format off */", statement, "/* clang-format on */"]


def _assigned_union(union: ir.Union, target: str, value: ir.Chosen) -> list[str]:
    case = union.case(value.tag)
    assert case is not None
    lines = [f"{target}.tag = {naming.case(union, case)};"]
    if case.type is not None:
        lines += assigned(case.type, f"{target}.{case.name}", value.value)
    return lines


def split(target: str) -> tuple[str, str]:
    """`packet->place.mark` as `packet->place.` and `mark`."""
    at = max(target.rfind(">"), target.rfind(".")) + 1
    return target[:at], target[at:]


def cleared(type_: ir.Type, target: str) -> list[str]:
    """Statements that leave nothing undetermined where an optional is absent."""
    match type_:
        case ir.Scalar(kind=ir.ScalarKind.BOOL):
            return [f"{target} = false;"]
        case ir.Scalar() | ir.Flags() | ir.Quant():
            return [f"{target} = 0;"]
        case ir.Enum():
            return [f"{target} = ({naming.enum(type_)})0;"]
        case ir.Text():
            return [f"{target}_size = 0;", f"{target}[0] = '\\0';"]
        case ir.Bytes():
            return [f"{target}_size = 0;", f"{target} = NULL;"]
        case ir.Array(counted=True):
            return [f"{target}_count = 0;"]
        case _:
            return [f"memset(&{target}, 0, sizeof {target});"]
