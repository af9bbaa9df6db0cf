"""Identifiers: names that are distinct in the YAML must still be so in every output language."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pcgen import ir, schema
from pcgen.c import identifiers as c_identifiers
from pcgen.codes import Code
from pcgen.csharp import identifiers as csharp_identifiers
from pcgen.passes import scope
from pcgen.passes.context import Context
from pcgen.python import identifiers as python_identifiers
from pcgen.source import Span, Text
from pcgen.typescript import identifiers as typescript_identifiers
from pcgen.typescript import naming as typescript_naming

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


def _taken(context: Context, declared: Iterable[tuple[str, Cause]], language: str,
           taken: Sequence[str], known: set[tuple[Span, Span]]) -> None:
    """Names that every module of the language has for its own use; known: as in _collisions."""
    places = _Places(context)
    for name, cause in declared:
        here = places.of(cause) if name in taken else None
        if here is not None and (here.span, here.span) not in known:
            known.add((here.span, here.span))
            context.sink.error(Code.COLLISION, here.span,
                               f"`{here}` becomes `{name}` in {language}, and every module there "
                               f"has a `{name}` already")


def _collisions(context: Context, declared: Iterable[tuple[str, Cause]], language: str,
                known: set[tuple[Span, Span]]) -> None:
    """known: pairs that another language has been blamed for; one error for each will do."""
    places = _Places(context)
    seen: dict[str, Cause] = {}
    for name, cause in declared:
        first = seen.setdefault(name, cause)
        if first is cause:
            continue
        here, there = sorted((places.of(cause), places.of(first)),
                             key=lambda text: (text.span.file.shown, text.span.line), reverse=True)
        if (here.span, there.span) in known:
            continue
        known.add((here.span, there.span))
        context.sink.error(Code.COLLISION, here.span,
                           f"`{here}` and `{there}` both become `{name}` in {language}",
                           f"the other is in {there.span.file.shown}:{there.span.line}")


def _module(context: Context, declared: Iterable[tuple[str, Cause]], language: str,
            taken: Sequence[str], known: set[tuple[Span, Span]]) -> None:
    """What stands at the top of a protocol's module."""
    names = tuple(declared)
    _taken(context, names, language, taken, known)
    _collisions(context, (item for item in names if item[0] not in taken), language, known)


def _members(context: Context, members: Iterable[tuple[str, str]], written: Sequence[Text],
             language: str) -> None:
    """What stands in one struct or union; members: the name it gets, and the one it has."""
    order = [name.value for name in written]
    seen: dict[str, str] = {}
    for name, origin in members:
        first = seen.setdefault(name, origin)
        if first == origin:
            continue
        later = name if name in (first, origin) else max(first, origin, key=order.index)
        context.sink.error(Code.COLLISION, written[order.index(later)].span,
                           f"`{first}` and `{origin}` both become `{name}` in {language}")


def _fields(context: Context, fields: tuple[ir.Field, ...],
            written: tuple[schema.Field, ...]) -> None:
    """A struct's members: in C `name_size` beside a string `name`."""
    names = [field.name for field in written]
    _members(context, ((name, field.name) for name, field in c_identifiers.members(fields)),
             names, "C")
    _members(context, ((typescript_naming.field(field.name), field.name) for field in fields),
             names, "C# and TypeScript")


def run(context: Context) -> None:
    """Check the whole program."""
    if context.program is None:
        return
    known: set[tuple[Span, Span]] = set()
    _collisions(context, c_identifiers.declared(context.program), "C", known)
    _collisions(context, csharp_identifiers.declared(context.program), "C#", known)
    for protocol in context.program.protocols:
        _module(context, python_identifiers.declared(protocol), "Python",
                python_identifiers.MODULE_NAMES, known)
        _module(context, typescript_identifiers.declared(protocol), "TypeScript",
                typescript_identifiers.MODULE_NAMES, known)
    for file in context.files:
        for struct in file.structs:
            found = context.composites[(file.protocol.value, struct.name.value)]
            assert isinstance(found, ir.Struct)
            _fields(context, found.fields, struct.fields)
        for packet in file.packets:
            key = (file.protocol.value, packet.name.value)
            _fields(context, context.packet_fields[key], packet.fields)
        for union in file.unions:
            cases = [case.name for case in union.cases]
            _members(context, ((typescript_naming.field(case.value), case.value)
                               for case in cases), cases, "C# and TypeScript")
