"""Values as the author writes them, in defaults and examples: a tree and a type become a value.

    numbers, true, false, text     as they are          enum     the value's name
    flags                          [NAME, NAME]         struct   {field: value}
    arrays                         [value, value]       union    {case: value}, or case
    bytes and arrays of u8         hexadecimal text     absent   null
"""

from __future__ import annotations

from fractions import Fraction

from pcgen import ir
from pcgen.codes import Code
from pcgen.diagnostics import ErrorSink, did_you_mean
from pcgen.fields import kind_of, parse_number
from pcgen.passes.numbers import parse_decimal, representable
from pcgen.source import Span
from pcgen.tree import Mapping, Node, Scalar, Sequence


class Mistake(Exception):
    """A value that does not fit; carries the error. Caught by `value_of`."""

    def __init__(self, code: Code, span: Span, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.span = span
        self.message = message
        self.hint = hint


def value_of(type_: ir.Type, node: Node, sink: ErrorSink) -> tuple[ir.Value] | None:
    """The value, in a tuple, for None is one; None after an error."""
    try:
        return (_value(type_, node),)
    except Mistake as mistake:
        sink.error(mistake.code, mistake.span, mistake.message, mistake.hint)
        return None


def fields_of(fields: tuple[ir.Field, ...], node: Node,
              sink: ErrorSink) -> tuple[ir.Value, ...] | None:
    """A packet's value; None after an error."""
    try:
        return _fields(fields, node)
    except Mistake as mistake:
        sink.error(mistake.code, mistake.span, mistake.message, mistake.hint)
        return None


def _wrong_kind(node: Node, wanted: str) -> Mistake:
    shown = f"`{node.text}`" if isinstance(node, Scalar) and node.text else kind_of(node)
    return Mistake(Code.VALUE_KIND, node.span, f"{wanted} is needed here, not {shown}")


def _value(type_: ir.Type, node: Node) -> ir.Value:
    match type_:
        case ir.Scalar():
            return _bool(node) if type_.kind is ir.ScalarKind.BOOL else _number(type_, node)
        case ir.Quant():
            return _quant(type_, node)
        case ir.Enum():
            return _enum(type_, node)
        case ir.Flags():
            return _flags(type_, node)
        case ir.Text():
            return _text(type_, node)
        case ir.Bytes():
            return _sized(_bytes(node), type_.min, type_.bound.value, node)
        case ir.Array():
            return _array(type_, node)
        case ir.Optional():
            return None if _is_word(node, "null") else _value(type_.inner, node)
        case ir.Struct():
            return _fields(type_.fields, node)
        case ir.Union():
            return _union(type_, node)


def _is_word(node: Node, *words: str) -> bool:
    return isinstance(node, Scalar) and not node.quoted and node.text in words


def _bool(node: Node) -> bool:
    if not _is_word(node, "true", "false"):
        raise _wrong_kind(node, "true or false")
    return isinstance(node, Scalar) and node.text == "true"


def _number(scalar: ir.Scalar, node: Node) -> int | float:
    exact = (parse_decimal(node.text) if isinstance(node, Scalar) and not node.quoted else None)
    whole = scalar.kind is not ir.ScalarKind.FLOAT
    if exact is None or (whole and exact.denominator != 1):
        raise _wrong_kind(node, "a whole number" if whole else "a number")
    value = int(exact) if whole else _float(scalar, exact, node)
    if not scalar.low <= value <= scalar.high:
        raise Mistake(Code.VALUE_RANGE, node.span,
                      f"the value must be {scalar.low}..{scalar.high}, not {value}")
    return value


def _float(scalar: ir.Scalar, exact: Fraction, node: Node) -> float:
    """As it will be on the other side."""
    value = representable(scalar, exact)
    if value is None:
        raise Mistake(Code.VALUE_RANGE, node.span, f"the value is no value of {scalar.name}")
    return value


def _quant(quant: ir.Quant, node: Node) -> float:
    exact = (parse_decimal(node.text) if isinstance(node, Scalar) and not node.quoted else None)
    if exact is None:
        raise _wrong_kind(node, "a number")
    if not quant.low <= exact <= quant.high or ((exact - quant.low) / quant.step).denominator != 1:
        raise Mistake(Code.VALUE_RANGE, node.span,
                      f"the value must be {quant.least:g}..{quant.most:g} in steps of "
                      f"{quant.scale:g}")
    return float(exact)


def _enum(enum: ir.Enum, node: Node) -> int:
    names = {value.name: value.value for value in enum.values}
    if isinstance(node, Scalar) and node.text in names:
        return names[node.text]
    number = parse_number(node.text) if isinstance(node, Scalar) and not node.quoted else None
    known = enum.unknown is ir.Unknown.KEEP or number in names.values()
    if number is not None and known and enum.base.min <= number <= enum.base.max:
        return number
    if not isinstance(node, Scalar):
        raise _wrong_kind(node, f"a value of {enum.name}")
    raise Mistake(Code.VALUE_KIND, node.span, f"`{node.text}` is no value of {enum.name}",
                  did_you_mean(node.text, names))


def _flags(flags: ir.Flags, node: Node) -> int:
    masks = {bit.name: bit.mask for bit in flags.bits}
    if isinstance(node, Sequence):
        result = 0
        for item in node.items:
            if not isinstance(item, Scalar) or item.text not in masks:
                text = item.text if isinstance(item, Scalar) else kind_of(item)
                raise Mistake(Code.VALUE_KIND, item.span, f"`{text}` is no flag of {flags.name}",
                              did_you_mean(text, masks))
            result |= masks[item.text]
        return result
    number = parse_number(node.text) if isinstance(node, Scalar) and not node.quoted else None
    if number is None:
        raise _wrong_kind(node, "a list of flags")
    allowed = flags.mask if flags.unknown is ir.Unknown.REJECT else flags.base.max
    if number < 0 or number & ~allowed:
        raise Mistake(Code.VALUE_RANGE, node.span, f"{number} has bits that {flags.name} has not")
    return number


def is_of_charset(data: bytes, charset: ir.Charset) -> bool:
    """True if the bytes are text of that charset."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return False
    match charset:
        case ir.Charset.UTF8:
            return "\0" not in text
        case ir.Charset.ASCII:
            return text.isascii() and "\0" not in text
        case ir.Charset.PRINTABLE:
            return not any(ord(char) < 0x20 or 0x7F <= ord(char) <= 0x9F for char in text)


def _text(text: ir.Text, node: Node) -> bytes:
    if not isinstance(node, Scalar) or _is_word(node, "true", "false", "null") \
            or not (node.text or node.quoted):
        raise _wrong_kind(node, "text")
    data = _sized(node.text.encode("utf-8", "surrogatepass"), text.min, text.bound.value, node)
    if not is_of_charset(data, text.charset):
        raise Mistake(Code.VALUE_RANGE, node.span, f"the text is not {text.charset.value}")
    return data


def _sized(data: bytes, least: int, most: int, node: Node) -> bytes:
    if not least <= len(data) <= most:
        raise Mistake(Code.VALUE_RANGE, node.span,
                      f"{len(data)} bytes where {least}..{most} are allowed")
    return data


def _bytes(node: Node) -> bytes:
    """Hexadecimal text, or a list of numbers."""
    if isinstance(node, Sequence):
        return bytes(int(_number(ir.SCALARS["u8"], item)) for item in node.items)
    try:
        return bytes.fromhex(node.text if isinstance(node, Scalar) else "?")
    except ValueError:
        raise _wrong_kind(node, "hexadecimal text or a list of numbers") from None


def _array(array: ir.Array, node: Node) -> ir.Value:
    least, most = 0 if array.counted else array.bound.value, array.bound.value
    if is_byte(array.element):
        return _sized(_bytes(node), least, most, node)
    if not isinstance(node, Sequence):
        raise _wrong_kind(node, "a list")
    if not least <= len(node.items) <= most:
        raise Mistake(Code.VALUE_RANGE, node.span,
                      f"{len(node.items)} elements where {least}..{most} are allowed")
    return tuple(_value(array.element, item) for item in node.items)


def is_byte(type_: ir.Type) -> bool:
    """Arrays of these are bytes."""
    return isinstance(type_, ir.Scalar) and type_.name == "u8" and type_.range is None


def _fields(fields: tuple[ir.Field, ...], node: Node) -> tuple[ir.Value, ...]:
    if not isinstance(node, Mapping):
        raise _wrong_kind(node, "a mapping of fields")
    given = {entry.key.value: entry for entry in node.entries}
    names = [field.name for field in fields]
    for entry in node.entries:
        if entry.key.value not in names:
            raise Mistake(Code.VALUE_FIELD, entry.key.span, f"there is no field `{entry.key}`",
                          did_you_mean(entry.key.value, names))
    values: list[ir.Value] = []
    for field in fields:
        if field.name in given:
            values.append(_value(field.type, given[field.name].value))
        elif field.since > 1:
            values.append(field.default)
        elif isinstance(field.type, ir.Optional):
            values.append(None)
        else:
            raise Mistake(Code.VALUE_FIELD, node.span, f"the field `{field.name}` is missing")
    return tuple(values)


def _union(union: ir.Union, node: Node) -> ir.Chosen:
    """`{case: value}`, or the case alone if it carries nothing."""
    if isinstance(node, Mapping) and len(node.entries) == 1:
        name, value = node.entries[0].key, node.entries[0].value
    elif isinstance(node, Scalar) and node.text:
        name, value = node.as_text(), None
    else:
        raise _wrong_kind(node, f"a case of {union.name}")
    case = next((case for case in union.cases if case.name == name.value), None)
    if case is None:
        raise Mistake(Code.VALUE_KIND, name.span, f"`{name}` is no case of {union.name}",
                      did_you_mean(name.value, (case.name for case in union.cases)))
    if (case.type is None) != (value is None):
        wanted = f"`{name}` without a value" if case.type is None else f"`{name}` with its value"
        raise Mistake(Code.VALUE_KIND, node.span, f"{wanted} is needed here")
    if case.type is None or value is None:
        return ir.Chosen(case.tag, None)
    return ir.Chosen(case.tag, _value(case.type, value))
