"""The type of a field, from its text and its options.

    name  name[4]  name[<=4]  string<16>  bytes<16>  quant(-1, 1, 0.01)   and any of them with `?`
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from pcgen import grammar, ir, schema
from pcgen.codes import Code
from pcgen.diagnostics import did_you_mean
from pcgen.passes import scope
from pcgen.passes.context import Context
from pcgen.passes.numbers import Numbers
from pcgen.source import Text

_WORD = r"[A-Za-z_][A-Za-z0-9_]*"
TYPE_FORM = re.compile(
    rf"(?P<name>{_WORD})"
    r"(?:<\s*(?P<size>\w+)\s*>|(?P<parts>\([^()]*\)))?"
    r"(?P<array>\[(?P<counted><=)?\s*(?P<bound>\w+)\s*\])?"
    r"(?P<optional>\?)?\Z")
_SYNTAX_HELP = ("types are: u32, name, name[4], name[<=4], string<16>, bytes<16>, "
                "quant(0, 1, 0.01); with ? if it may be absent")
SIZED = ("string", "bytes")
_OTHER = (*SIZED, "quant")

NamedType = Callable[[str, Text], ir.Named | None]


def _piece(text: Text, match: re.Match[str], group: str) -> Text:
    return Text(match[group], text.span.part(match.start(group), len(match[group])))


def _heart(type_: ir.Type) -> ir.Scalar | None:
    """The number that a type is made of."""
    match type_:
        case ir.Scalar():
            return None if type_.kind is ir.ScalarKind.BOOL else type_
        case ir.Array():
            return _heart(type_.element)
        case ir.Optional():
            return _heart(type_.inner)
        case _:
            return None


def _with_heart(type_: ir.Type, scalar: ir.Scalar) -> ir.Scalar | ir.Array | ir.Optional:
    """The type with another number in it."""
    match type_:
        case ir.Array():
            return replace(type_, element=scalar)
        case ir.Optional(inner=ir.Array() as array):
            return ir.Optional(replace(array, element=scalar))
        case ir.Optional():
            return ir.Optional(scalar)
        case _:
            return scalar


class FieldTypes:
    """Resolves the types of one protocol's fields. `resolve` finds an enum, flags, struct or union
    by its owner and name."""

    def __init__(self, context: Context, protocol: str, resolve: NamedType) -> None:
        self.context = context
        self.sink = context.sink
        self.protocol = protocol
        self.resolve = resolve
        self.numbers = Numbers(context, protocol)

    # ---- the text ----

    def type(self, text: Text) -> ir.Type | None:
        """The type without the field's options; None after an error."""
        if not text.value:
            return None
        match = TYPE_FORM.match(text.value)
        if match is None:
            self.sink.error(Code.TYPE_SYNTAX, text.span, f"`{text}` is not a type", _SYNTAX_HELP)
            return None
        type_ = self.array(text, match) if match["array"] else self.single(text, match)
        if type_ is None or not match["optional"]:
            return type_
        return ir.Optional(type_)

    def single(self, text: Text, match: re.Match[str]) -> \
            ir.Element | ir.Text | ir.Bytes | None:
        if match["size"] is not None:
            return self.sized(text, match)
        if match["name"] in SIZED:
            name = _piece(text, match, "name")
            self.sink.error(Code.TYPE_SYNTAX, name.span, f"`{name}` needs a bound",
                            f"write it as: {name}<16>")
            return None
        return self.element(text, match)

    def array(self, text: Text, match: re.Match[str]) -> ir.Array | None:
        if match["name"] in SIZED:
            self.no_element(_piece(text, match, "name"), "put it into a struct and make an array "
                            "of that")
            element = None
        else:
            element = self.element(text, match)
        bound = self.numbers.bound(_piece(text, match, "bound"))
        if element is None or bound is None:
            return None
        return ir.Array(element, bound, match["counted"] is not None)

    def element(self, text: Text, match: re.Match[str]) -> ir.Element | None:
        name = _piece(text, match, "name")
        if name.value == "quant" and match["size"] is None:
            return self.quant(text, match)
        if match["size"] is not None or match["parts"] is not None:
            self.not_sized(name)
            return None
        return self.named(name)

    def not_sized(self, name: Text) -> None:
        self.sink.error(Code.TYPE_SYNTAX, name.span, f"`{name}` takes no size", _SYNTAX_HELP)

    def no_element(self, name: Text, hint: str) -> None:
        self.sink.error(Code.ELEMENT, name.span, f"`{name}` cannot be an array's element", hint)

    def sized(self, text: Text, match: re.Match[str]) -> ir.Text | ir.Bytes | None:
        if match["name"] not in SIZED:
            self.not_sized(_piece(text, match, "name"))
            return None
        bound = self.numbers.bound(_piece(text, match, "size"))
        if bound is None:
            return None
        return ir.Text(bound) if match["name"] == "string" else ir.Bytes(bound)

    def quant(self, text: Text, match: re.Match[str]) -> ir.Quant | None:
        whole = Text(text.value[: match.end("parts")] if match["parts"] else text.value, text.span)
        inside = (match["parts"] or "()")[1:-1]
        parts: list[Text] = []
        at = match.start("parts") + 1
        for piece in inside.split(","):
            lead = len(piece) - len(piece.lstrip())
            word = piece.strip()
            parts.append(Text(word, text.span.part(at + lead, len(word))))
            at += len(piece) + 1
        return self.numbers.quant(whole, parts)

    def named(self, name: Text) -> ir.Element | None:
        if name.value in ir.SCALARS:
            return ir.SCALARS[name.value]
        owner = scope.owner_of(self.context, self.protocol, name, scope.types,
                               (Code.TYPE_UNKNOWN, "type"), (*ir.SCALARS, *_OTHER))
        return self.resolve(owner, name) if owner is not None else None

    # ---- what may follow a union's tag ----

    def case(self, text: Text) -> ir.Element | None:
        type_ = self.type(text)
        if isinstance(type_, ir.Text | ir.Bytes | ir.Array | ir.Optional):
            self.sink.error(Code.ELEMENT, text.span, f"`{text}` cannot be the value of a case",
                            "put it into a struct")
            return None
        return type_

    # ---- the options of a field ----

    def field(self, field: schema.Field) -> ir.Type | None:
        """The whole type; None after an error."""
        type_ = self.type(field.type)
        if type_ is None:
            return None
        found = self.with_range(field, type_, field.range) if field.range else type_
        found = self.with_min(field, found) if field.min and found else found
        return self.with_charset(field, found) if field.charset and found else found

    def with_range(self, field: schema.Field, type_: ir.Type,
                   ends: tuple[Text, Text]) -> ir.Type | None:
        """The range belongs to the number at the heart of the type."""
        scalar = _heart(type_)
        if scalar is None:
            span = field.range_span or field.type.span
            self.sink.error(Code.RANGE_TYPE, span,
                            f"`{field.type}` is no number and has no range")
            return None
        range_ = self.numbers.range(scalar, ends)
        return _with_heart(type_, replace(scalar, range=range_)) if range_ else None

    def sized_part(self, type_: ir.Type) -> ir.Text | ir.Bytes | None:
        inner = type_.inner if isinstance(type_, ir.Optional) else type_
        return inner if isinstance(inner, ir.Text | ir.Bytes) else None

    def with_sized(self, type_: ir.Type, part: ir.Text | ir.Bytes) -> ir.Type:
        return replace(type_, inner=part) if isinstance(type_, ir.Optional) else part

    def with_min(self, field: schema.Field, type_: ir.Type) -> ir.Type | None:
        part = self.sized_part(type_)
        assert field.min is not None
        if part is None:
            self.sink.error(Code.OPTION_TYPE, field.min.span, f"`{field.type}` has no least size",
                            "min is for string<N> and bytes<N>; a number has a range")
            return None
        bound = self.numbers.bound(field.min)
        if bound is None:
            return None
        if bound.value > part.bound.value:
            self.sink.error(Code.BOUND_RANGE, field.min.span,
                            f"the least size {bound.value} is above the bound {part.bound.value}")
            return None
        return self.with_sized(type_, replace(part, min=bound.value))

    def with_charset(self, field: schema.Field, type_: ir.Type) -> ir.Type | None:
        part = self.sized_part(type_)
        word = field.charset
        assert word is not None
        if not isinstance(part, ir.Text):
            self.sink.error(Code.OPTION_TYPE, word.span, f"`{field.type}` has no charset")
            return None
        if word.value not in grammar.CHARSETS:
            self.sink.error(Code.CHARSET, word.span, f"there is no charset `{word}`",
                            did_you_mean(word.value, grammar.CHARSETS))
            return None
        return self.with_sized(type_, replace(part, charset=ir.Charset(word.value)))
