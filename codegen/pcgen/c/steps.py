"""[D] The fields of a body as steps of its codec.

Values of fixed size that lie behind one another are one run: the decoder checks once that all of
them are there. The prefix of a field of variable size, and the byte that says whether an optional
is present, still belong to the run before it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pcgen import ir
from pcgen.c import naming, values
from pcgen.c.values import bound
from pcgen.c.views import Step, Value


@dataclass(frozen=True, slots=True)
class Place:
    """How a function has the things that its steps work on."""

    base: str  # packet->
    reader: str  # the reader's address
    size_sum: str  # what the size is added to
    size_place: str  # its address
    room: str  # what the encoder certainly writes behind the body, before a number is added


# A packet's functions own the reader and the sum; those of its parts get their addresses.
PACKET = Place("packet->", "&reader", "size", "&size", "")
PART = Place("value->", "reader", "*size", "size", "room + ")
INSIDE = Place("value->", "&inside", "*size", "size", "room + ")


def _at(offset: int, stride: int = 0) -> str:
    """`at + 4`, or with a stride `at + 4 + i * 8`."""
    parts = ["at", *([str(offset)] if offset else [])]
    if stride:
        parts.append("i" if stride == 1 else f"i * {stride}u")
    return " + ".join(parts)


@dataclass(slots=True)
class Steps:
    """Collects the steps of a body; `values` is the run that is still open."""

    place: Place
    steps: list[Step] = field(default_factory=list)
    values: list[Value] = field(default_factory=list)
    offset: int = 0
    behind: int = 0  # bytes that the encoder certainly writes behind the field in hand

    def step(self, **what: object) -> None:
        place = self.place
        room = f"{place.room}{self.behind}u" if self.behind or not place.room else "room"
        self.steps.append(Step(reader=place.reader, size_sum=place.size_sum,
                               size_place=place.size_place, room=room, behind=f"{self.behind}u",
                               **what))  # type: ignore[arg-type]

    def add(self, value: Value, width: int) -> None:
        self.values.append(value)
        self.offset += width

    def flush(self) -> None:
        if self.values:
            self.step(is_run=True, size=f"{self.offset}u", values=self.run())
        self.values, self.offset = [], 0

    def run(self) -> tuple[Value, ...]:
        return values.merged(self.values)

    def fields(self, fields: tuple[ir.Field, ...]) -> tuple[Step, ...]:
        """The fields of one version: where one of them is sent, all are."""
        for index, item in enumerate(fields):
            self.behind = ir.total_size(fields[index + 1:]).min
            self.type(item.type, self.place.base + item.name)
        self.flush()
        return tuple(self.steps)

    def type(self, type_: ir.Type, target: str) -> None:
        match type_:
            case ir.Text() | ir.Bytes():
                self.announced(type_, target)
            case ir.Array():
                self.array(type_, target)
            case ir.Optional():
                self.optional(type_, target)
            case _ if type_.is_fixed:
                self.add(values.fixed(type_, target, _at(self.offset)), type_.size.min)
            case ir.Struct() | ir.Union():
                self.flush()
                self.step(is_nested=True, target=target, stem=naming.tag(type_))
            case _:
                raise AssertionError(type_)

    def optional(self, type_: ir.Optional, target: str) -> None:
        holder, name = values.split(target)
        flag = f"{holder}has_{name}"
        self.add(values.fixed(ir.SCALARS["bool"], flag, _at(self.offset)), 1)
        self.flush()
        inner = Steps(self.place, behind=self.behind)
        inner.type(type_.inner, target)
        inner.flush()
        self.step(is_optional=True, condition=flag, least=f"{type_.inner.size.min}u",
                  steps=tuple(inner.steps), size_steps=sized(inner.steps),
                  resets=tuple(values.cleared(type_.inner, target)))

    def announced(self, type_: ir.Text | ir.Bytes, target: str) -> None:
        count = f"{target}_size"
        self.add(values.prefix(type_.bound, type_.min, count, _at(self.offset)),
                 type_.bound.prefix.width)
        self.flush()
        too_few = f"{count} < {type_.min}u || " if type_.min else ""
        extra = f" - {type_.min}u" if type_.min else ""
        take = "bytes" if isinstance(type_, ir.Bytes) else _TAKES[type_.charset]
        self.step(is_text=isinstance(type_, ir.Text), is_bytes=isinstance(type_, ir.Bytes),
                  target=target, count=count, bound=bound(type_.bound), take=take, extra=extra,
                  refusal=f"{too_few}{count} > {bound(type_.bound)}")

    def array(self, array: ir.Array, target: str) -> None:
        width, element = array.element.size.min, array.element
        if array.is_fixed:
            copied = values.bulk(element, target, _at(self.offset), bound(array.bound))
            self.add(copied or _loop(array, target, self.offset), array.size.min)
            return
        count = f"{target}_count" if array.counted else bound(array.bound)
        if array.counted:
            self.add(values.prefix(array.bound, 0, count, _at(self.offset)),
                     array.bound.prefix.width)
        self.flush()
        copied = values.bulk(element, target, "at", count) if element.is_fixed else None
        single = copied is not None and isinstance(element, ir.Scalar) and element.width == 1
        self.step(
            is_counted=element.is_fixed and copied is None,
            is_counted_bulk=copied is not None and not single, is_counted_bytes=single,
            is_nested_counted=not element.is_fixed and array.counted,
            is_nested_array=not array.counted,
            target=target, count=count, bound=bound(array.bound), element_size=f"{width}u",
            refusal=f"{count} > {bound(array.bound)}",
            stem=naming.tag(element) if isinstance(element, ir.Struct | ir.Union) else "",
            values=() if not element.is_fixed else
            (copied,) if copied else (values.fixed(element, f"{target}[i]", _at(0, width)),))


_TAKES = {ir.Charset.UTF8: "text", ir.Charset.ASCII: "ascii", ir.Charset.PRINTABLE: "printable"}


def _loop(array: ir.Array, target: str, offset: int) -> Value:
    element = values.fixed(array.element, f"{target}[i]", _at(offset, array.element.size.min))
    return Value(is_loop=True, count=bound(array.bound), elements=(element,))


def sized(steps: Iterable[Step]) -> tuple[Step, ...]:
    """Those that add to the least size."""
    return tuple(step for step in steps if not step.is_run)


def sizes_vary(steps: Iterable[Step]) -> bool:
    """True if the size depends on the value, not on the version alone."""
    return any(step.count or step.stem or sizes_vary(step.size_steps)
               or step.is_optional and not step.is_group for step in steps)


def needs_at(steps: Iterable[Step]) -> bool:
    """True if a decoder of these uses `at`."""
    return any(step.is_run or step.is_counted or step.is_counted_bulk or step.is_counted_bytes
               or needs_at(step.steps) for step in steps)


def needs_error(steps: Iterable[Step]) -> bool:
    """True if a decoder of these uses `error`."""
    return any(step.is_text or step.is_bytes or bool(step.stem) or values_call(step.values)
               or needs_error(step.steps) for step in steps)


def values_call(values_: Iterable[Value]) -> bool:
    """True if reading one of the values is a call that can fail."""
    return any(bool(value.call) or values_call(value.elements) for value in values_)


def needs_room(steps: Iterable[Step]) -> bool:
    """True if an encoder of these looks at what follows them."""
    return any(step.is_text or step.is_nested or step.is_nested_counted or step.is_nested_array
               or needs_room(step.steps) for step in steps)
