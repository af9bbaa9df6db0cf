"""JSON -> value: the same form that examples have in the YAML, with the same checks."""

from __future__ import annotations

import math

from pcgen import ir
from pcgen.diagnostics import did_you_mean
from pcgen.floats import single
from pcgen.interp.json_out import SECRET, UNKNOWN
from pcgen.ir import Value
from pcgen.passes.values import is_byte, is_of_charset
from pcgen.vectors.reference import steps_of, value_of


class Mistake(Exception):
    """A value that does not fit; says where."""

    def __init__(self, path: str, text: str, hint: str = "") -> None:
        super().__init__(f"{path}: {text}" + (f" ({hint})" if hint else ""))


def fields_of(fields: tuple[ir.Field, ...], given: object, path: str) -> tuple[Value, ...]:
    """Fields with a default and optionals may be left out. Raises Mistake."""
    if not isinstance(given, dict):
        raise Mistake(path, "an object of fields is needed here")
    names = [field.name for field in fields]
    for name in given:
        if name not in names:
            raise Mistake(path, f"there is no field `{name}`", did_you_mean(name, names))
    values: list[Value] = []
    for field in fields:
        if field.name in given:
            if field.secret and given[field.name] == SECRET:
                raise Mistake(f"{path}.{field.name}",
                              "the secret was left out; decode with --secrets to see it")
            values.append(_value(field.type, given[field.name], f"{path}.{field.name}"))
        elif field.since > 1:
            values.append(field.default)
        elif isinstance(field.type, ir.Optional):
            values.append(None)
        else:
            raise Mistake(path, f"the field `{field.name}` is missing")
    return tuple(values)


def _value(type_: ir.Type, given: object, path: str) -> Value:
    match type_:
        case ir.Scalar(kind=ir.ScalarKind.BOOL):
            if not isinstance(given, bool):
                raise Mistake(path, "true or false is needed here")
            return given
        case ir.Scalar(kind=ir.ScalarKind.FLOAT):
            return _float(type_, given, path)
        case ir.Scalar():
            return _whole(given, int(type_.low), int(type_.high), path)
        case ir.Quant():
            return _quant(type_, given, path)
        case ir.Enum() | ir.Flags():
            return _named(type_, given, path)
        case ir.Struct():
            return fields_of(type_.fields, given, path)
        case ir.Union():
            return _union(type_, given, path)
        case ir.Optional():
            return None if given is None else _value(type_.inner, given, path)
        case _:
            return _block(type_, given, path)


def _block(type_: ir.Text | ir.Bytes | ir.Array, given: object, path: str) -> Value:
    match type_:
        case ir.Text():
            return _text(type_, given, path)
        case ir.Bytes():
            return _sized(_bytes(given, path), type_.min, type_.bound.value, path)
        case ir.Array():
            return _array(type_, given, path)


def _whole(given: object, low: int, high: int, path: str) -> int:
    if not isinstance(given, int) or isinstance(given, bool):
        raise Mistake(path, "a whole number is needed here")
    if not low <= given <= high:
        raise Mistake(path, f"{given} is not in {low}..{high}")
    return given


def _number(given: object, path: str) -> float:
    if not isinstance(given, int | float) or isinstance(given, bool):
        raise Mistake(path, "a number is needed here")
    try:
        value = float(given)
    except OverflowError:
        raise Mistake(path, "the number is greater than any float") from None
    if not math.isfinite(value):
        raise Mistake(path, f"{given} is not finite")
    return value


def _float(scalar: ir.Scalar, given: object, path: str) -> float:
    """As it will be on the other side."""
    value = _number(given, path)
    if scalar.width == 4:
        try:
            value = single(value)
        except OverflowError:
            raise Mistake(path, f"{value} is no value of f32") from None
    if not scalar.low <= value <= scalar.high:
        raise Mistake(path, f"{given} is not in {scalar.low:g}..{scalar.high:g}")
    return value


def _quant(quant: ir.Quant, given: object, path: str) -> float:
    """The value of the nearest step."""
    value = _number(given, path)
    steps = steps_of(quant, value)
    if not 0 <= steps <= quant.steps:
        raise Mistake(path, f"{value} is not in {quant.least:g}..{quant.most:g}")
    return value_of(quant, steps)


def _named(type_: ir.Enum | ir.Flags, given: object, path: str) -> int:
    """A value's name, or a list of flags; a number where the type keeps unknown ones."""
    if isinstance(type_, ir.Enum):
        names = {item.name: item.value for item in type_.values}
    else:
        names = {item.name: item.mask for item in type_.bits}
    if isinstance(given, int) and not isinstance(given, bool):
        value = _whole(given, type_.base.min, type_.base.max, path)
        if type_.unknown is ir.Unknown.KEEP or _is_known(type_, value):
            return value
        raise Mistake(path, f"{given} is unknown to {type_.name}")
    words = [given] if isinstance(type_, ir.Enum) else given
    if not isinstance(words, list):
        raise Mistake(path, f"a list of {type_.name} is needed here")
    result = 0
    for word in words:
        if not isinstance(word, str) or word not in names:
            raise Mistake(path, f"`{word}` is not in {type_.name}", did_you_mean(str(word), names))
        result |= names[word] if isinstance(type_, ir.Flags) else 0
    return result if isinstance(type_, ir.Flags) else names[str(given)]


def _is_known(type_: ir.Enum | ir.Flags, value: int) -> bool:
    if isinstance(type_, ir.Flags):
        return not value & ~type_.mask
    return any(item.value == value for item in type_.values)


def _text(text: ir.Text, given: object, path: str) -> bytes:
    if not isinstance(given, str):
        raise Mistake(path, "text is needed here")
    data = _sized(given.encode("utf-8", "surrogatepass"), text.min, text.bound.value, path)
    if not is_of_charset(data, text.charset):
        raise Mistake(path, f"the text is not {text.charset.value}, or holds a NUL")
    return data


def _sized(data: bytes, least: int, most: int, path: str) -> bytes:
    if not least <= len(data) <= most:
        raise Mistake(path, f"{len(data)} bytes where {least}..{most} are allowed")
    return data


def _bytes(given: object, path: str) -> bytes:
    """Hexadecimal text, or a list of numbers."""
    try:
        if isinstance(given, list):
            return bytes(_whole(item, 0, 255, path) for item in given)
        return bytes.fromhex(given if isinstance(given, str) else "?")
    except ValueError:
        raise Mistake(path, "hexadecimal text or a list of numbers is needed here") from None


def _array(array: ir.Array, given: object, path: str) -> Value:
    least, most = 0 if array.counted else array.bound.value, array.bound.value
    if is_byte(array.element):
        return _sized(_bytes(given, path), least, most, path)
    if not isinstance(given, list):
        raise Mistake(path, "a list is needed here")
    if not least <= len(given) <= most:
        raise Mistake(path, f"{len(given)} elements where {least}..{most} are allowed")
    return tuple(_value(array.element, item, f"{path}[{index}]")
                 for index, item in enumerate(given))


def _union(union: ir.Union, given: object, path: str) -> ir.Chosen:
    """`{case: value}`, or the case alone if it carries nothing."""
    if isinstance(given, dict) and len(given) == 1:
        name, value = next(iter(given.items()))
    elif isinstance(given, str):
        name, value = given, None
    else:
        raise Mistake(path, f"a case of {union.name} is needed here")
    if name == UNKNOWN and union.open and isinstance(value, dict):
        return _unknown_case(union, value, path)
    case = next((case for case in union.cases if case.name == name), None)
    if case is None:
        raise Mistake(path, f"`{name}` is no case of {union.name}",
                      did_you_mean(name, (case.name for case in union.cases)))
    if isinstance(given, str) != (case.type is None):
        wanted = "without a value" if case.type is None else "with its value"
        raise Mistake(path, f"`{name}` {wanted} is needed here")
    return ir.Chosen(case.tag, _value(case.type, value, f"{path}.{name}") if case.type else None)


def _unknown_case(union: ir.Union, given: dict[str, object], path: str) -> ir.Chosen:
    tag = _whole(given.get("tag"), 0, union.tag.max, f"{path}.tag")
    if union.case(tag) is not None:
        raise Mistake(path, f"the tag {tag} is known")
    return ir.Chosen(tag, _sized(_bytes(given.get("bytes"), path), 0, 0xFFFF, path))
