"""Value -> JSON: names for enums, flags and cases, hexadecimal text for bytes."""

from __future__ import annotations

from pcgen import ir
from pcgen.floats import shortest
from pcgen.ir import Value
from pcgen.vectors.reference import steps_of

SECRET = "<secret>"
UNKNOWN = "unknown"


def _flags(flags: ir.Flags, value: int) -> object:
    """A list of names; a number if there are bits without one."""
    if value & ~flags.mask:
        return value
    return [bit.name for bit in flags.bits if value & bit.mask]


class Printer:
    """shows_secrets: fields that are secret are shown as any other."""

    def __init__(self, shows_secrets: bool) -> None:
        self.shows_secrets = shows_secrets

    def fields(self, fields: tuple[ir.Field, ...], values: Value) -> dict[str, object]:
        assert isinstance(values, tuple)
        return {field.name: SECRET if field.secret and not self.shows_secrets
                else self.value(field.type, value)
                for field, value in zip(fields, values, strict=True)}

    def value(self, type_: ir.Type, value: Value) -> object:
        match type_:
            case ir.Scalar(name="f32"):
                assert isinstance(value, int | float)
                return shortest(value)
            case ir.Quant():
                assert isinstance(value, int | float)
                return float(type_.low + steps_of(type_, value) * type_.step)
            case ir.Enum():
                return next((item.name for item in type_.values if item.value == value), value)
            case ir.Flags():
                assert isinstance(value, int)
                return _flags(type_, value)
            case ir.Text():
                assert isinstance(value, bytes)
                return value.decode()
            case ir.Struct():
                return self.fields(type_.fields, value)
            case ir.Union():
                return self.union(type_, value)
            case ir.Array() if isinstance(value, tuple):
                return [self.value(type_.element, item) for item in value]
            case ir.Optional():
                return None if value is None else self.value(type_.inner, value)
        return value.hex() if isinstance(value, bytes) else value

    def union(self, union: ir.Union, value: Value) -> object:
        assert isinstance(value, ir.Chosen)
        case = union.case(value.tag)
        if case is None:
            assert isinstance(value.value, bytes)
            return {UNKNOWN: {"tag": value.tag, "bytes": value.value.hex()}}
        return {case.name: self.value(case.type, value.value)} if case.type else case.name
