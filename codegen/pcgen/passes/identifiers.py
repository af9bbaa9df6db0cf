"""Identifiers: names that are distinct in the YAML must still be so in every output language."""

from __future__ import annotations

from collections.abc import Iterable

from pcgen import ir, schema
from pcgen.c import identifiers as c_identifiers
from pcgen.codes import Code
from pcgen.passes import scope
from pcgen.passes.context import Context
from pcgen.python import identifiers as python_identifiers
from pcgen.source import Text

Cause = c_identifiers.Cause


class _Places:
    """Where the author wrote the name of a thing of the IR."""

    def __init__(self, context: Context) -> None:
        self.context = context

    def of(self, cause: Cause) -> Text:
        match cause:
            case ir.Protocol():
                return self.context.file_of(cause.name).protocol
            case ir.Role():
                names = [role for file in self.context.files for role in file.roles or ()]
            case _:
                names = list(self.named(self.context.file_of(cause.protocol)))
        return next(name for name in names if name.value == cause.name)

    def named(self, file: schema.File) -> Iterable[Text]:
        yield from (packet.name for packet in file.packets)
        yield from scope.types(file)
        yield from (const.name for const in file.consts)
        yield from (machine.name for machine in file.machines)


def _collisions(context: Context, declared: Iterable[tuple[str, Cause]], language: str) -> None:
    places = _Places(context)
    seen: dict[str, Cause] = {}
    for name, cause in declared:
        first = seen.setdefault(name, cause)
        if first is cause:
            continue
        here, there = sorted((places.of(cause), places.of(first)),
                             key=lambda text: (text.span.file.shown, text.span.line), reverse=True)
        context.sink.error(Code.COLLISION, here.span,
                           f"`{here}` and `{there}` both become `{name}` in {language}",
                           f"the other is in {there.span.file.shown}:{there.span.line}")


def _members(context: Context, fields: tuple[ir.Field, ...],
             written: tuple[schema.Field, ...]) -> None:
    """A struct's members: `name_size` beside a string `name`."""
    seen: dict[str, str] = {}
    for name, field in c_identifiers.members(fields):
        first = seen.setdefault(name, field.name)
        if first != field.name:
            here = next(item.name for item in written if item.name.value in (field.name, first)
                        and item.name.value == name)
            context.sink.error(Code.COLLISION, here.span,
                               f"`{first}` and `{field.name}` both become `{name}` in C")


def run(context: Context) -> None:
    """Check the whole program."""
    if context.program is None:
        return
    _collisions(context, c_identifiers.declared(context.program), "C")
    for protocol in context.program.protocols:
        _collisions(context, python_identifiers.declared(protocol), "Python")
    for file in context.files:
        for struct in file.structs:
            key = (file.protocol.value, struct.name.value)
            found = context.composites[key]
            assert isinstance(found, ir.Struct)
            _members(context, found.fields, struct.fields)
        for packet in file.packets:
            key = (file.protocol.value, packet.name.value)
            _members(context, context.packet_fields[key], packet.fields)
