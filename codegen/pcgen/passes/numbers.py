"""Numbers written in types: bounds, the ends of ranges, the parts of a quantised number."""

from __future__ import annotations

import re
import sys
from fractions import Fraction

from pcgen import ir
from pcgen.codes import Code
from pcgen.fields import NUMBER_SIZE_MAX, parse_number
from pcgen.floats import single
from pcgen.passes import scope
from pcgen.passes.context import Context
from pcgen.source import Text

BOUND_MAX = 0xFFFF
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?(e-?[0-9]{1,3})?\Z")
_LEAST, _MOST = Fraction(sys.float_info.min), Fraction(sys.float_info.max)


def parse_decimal(text: str) -> Fraction | None:
    """A number with or without a fraction, exactly; None if it is not written as one, or no float
    is so great or, but for 0, so small."""
    if len(text) <= NUMBER_SIZE_MAX and _DECIMAL.match(text):
        exact = Fraction(text)
    else:
        value = parse_number(text)
        if value is None:
            return None
        exact = Fraction(value)
    return exact if exact == 0 or _LEAST <= abs(exact) <= _MOST else None


class Numbers:
    """Numbers of one protocol: constants stand for themselves."""

    def __init__(self, context: Context, protocol: str) -> None:
        self.context = context
        self.sink = context.sink
        self.protocol = protocol

    def const(self, text: Text) -> ir.Const | None:
        """The constant of that name; None after an error."""
        owner = scope.owner_of(self.context, self.protocol, text, scope.constants,
                               (Code.CONST_UNKNOWN, "constant"))
        return self.context.consts[owner, text.value] if owner is not None else None

    def bound(self, text: Text, least: int = 1) -> ir.Bound | None:
        """A number of elements or bytes."""
        const = None
        value = parse_number(text.value)
        if value is None and text.value[:1].isdigit():
            self.sink.error(Code.BAD_NUMBER, text.span, f"the bound `{text}` is not a number")
            return None
        if value is None:
            const = self.const(text)
            if const is None:
                return None
            value = const.value
        if not least <= value <= BOUND_MAX:
            self.sink.error(Code.BOUND_RANGE, text.span,
                            f"a bound must be {least}..{BOUND_MAX}, not {value}")
            return None
        return ir.Bound(value, const)

    def limit(self, text: Text, scalar: ir.Scalar) -> ir.Limit | None:
        """One end of a range."""
        number = parse_decimal(text.value)
        const = None
        if number is None and text.value[:1].isalpha():
            const = self.const(text)
            if const is None:
                return None
            number = Fraction(const.value)
        whole = scalar.kind is not ir.ScalarKind.FLOAT
        if number is None or (whole and number.denominator != 1):
            if text.value:
                wanted = "a whole number" if whole else "a number"
                self.sink.error(Code.BAD_NUMBER, text.span, f"`{text}` is not {wanted}")
            return None
        if whole:
            return ir.Limit(int(number), const)
        value = representable(scalar, number)
        if value is None:
            self.sink.error(Code.RANGE_EMPTY, text.span, f"`{text}` is no value of {scalar.name}")
            return None
        return ir.Limit(value, const)

    def range(self, scalar: ir.Scalar, ends: tuple[Text, Text]) -> ir.Range | None:
        """A range that lies within the scalar's own; None after an error."""
        low, high = self.limit(ends[0], scalar), self.limit(ends[1], scalar)
        if low is None or high is None:
            return None
        if low.value > high.value:
            self.sink.error(Code.RANGE_EMPTY, ends[1].span,
                            f"the range ends at {high.value}, before it begins")
            return None
        for limit, text in ((low, ends[0]), (high, ends[1])):
            if not scalar.low <= limit.value <= scalar.high:
                self.sink.error(Code.RANGE_EMPTY, text.span,
                                f"{limit.value} is no value of {scalar.name}")
                return None
        return ir.Range(low, high)

    def quant(self, text: Text, parts: list[Text]) -> ir.Quant | None:
        """`quant(least, most, step)`; None after an error."""
        if len(parts) != 3 or not all(part.value for part in parts):
            self.sink.error(Code.TYPE_SYNTAX, text.span, f"`{text}` is not a type",
                            "write it as: quant(-100, 100, 0.01)")
            return None
        found: list[Fraction] = []
        for part in parts:
            limit = self.limit(part, ir.SCALARS["f64"])
            exact = parse_decimal(part.value)
            if limit is None:
                return None
            found.append(exact if exact is not None else Fraction(int(limit.value)))
        low, high, step = found
        if step <= 0 or low >= high:
            self.sink.error(Code.QUANT, text.span,
                            f"`{text}` has no steps: the least must be below the most, and the "
                            "step above 0")
            return None
        steps = (high - low) / step
        if steps.denominator != 1 or steps > 0xFFFF_FFFF:
            count = f"{float(steps):.17g}" if steps <= _MOST else "more than 1e308"
            self.sink.error(Code.QUANT, text.span,
                            f"`{text}` has {count} steps; it must be a whole number, "
                            "at most 4294967295")
            return None
        return ir.Quant(low, high, step, _narrowest(int(steps)))


def representable(scalar: ir.Scalar, value: Fraction) -> float | None:
    """The float of the scalar's width that is nearest: what the other side will have. None: it
    is too large."""
    try:
        number = float(value)
        return number if scalar.width == 8 else single(number)
    except OverflowError:
        return None


def _narrowest(value: int) -> ir.Scalar:
    """The smallest unsigned integer that holds a value."""
    return next(ir.SCALARS[name] for name in ("u8", "u16", "u32") if value <= ir.SCALARS[name].max)
