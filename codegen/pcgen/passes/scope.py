"""Finds what a name means in a file: its own declaration first, then those of its imports."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pcgen import schema
from pcgen.codes import Code
from pcgen.diagnostics import did_you_mean
from pcgen.passes.context import Context
from pcgen.source import Text

Declared = Callable[[schema.File], Iterable[Text]]


def constants(file: schema.File) -> Iterable[Text]:
    return (const.name for const in file.consts)


def types(file: schema.File) -> Iterable[Text]:
    yield from (enum.name for enum in file.enums)
    yield from (flags.name for flags in file.flags)
    yield from (struct.name for struct in file.structs)
    yield from (union.name for union in file.unions)


def composites(file: schema.File) -> Iterable[schema.Struct | schema.Union]:
    """What is made of fields or cases."""
    yield from file.structs
    yield from file.unions


def machines(file: schema.File) -> Iterable[Text]:
    return (machine.name for machine in file.machines)


def owner_of(context: Context, protocol: str, name: Text, declared: Declared,
             unknown: tuple[Code, str], also: Iterable[str] = ()) -> str | None:
    """The protocol that declares a name which `protocol` uses; None after an error.

    unknown  the error's code, and what the name should be: "constant"
    also     other words that could have been meant, for the hint
    """
    if not name.value:
        return None
    holders = [file for file in context.visible[protocol]
               if any(name.value == other.value for other in declared(file))]
    if not holders:
        code, what = unknown
        known = [other.value for file in context.visible[protocol] for other in declared(file)]
        context.sink.error(code, name.span, f"there is no {what} `{name}`",
                           _elsewhere(context, name, declared)
                           or did_you_mean(name.value, [*known, *also]))
        return None
    if len(holders) > 1 and holders[0].protocol.value != protocol:
        files = " and ".join(file.source.shown for file in holders[:2])
        context.sink.error(Code.IMPORT_AMBIGUOUS, name.span, f"`{name}` is declared by {files}",
                           "rename one of them")
        return None
    return holders[0].protocol.value


def _elsewhere(context: Context, name: Text, declared: Declared) -> str:
    for file in context.files:
        if any(name.value == other.value for other in declared(file)):
            return f"{file.source.path.name} declares it; import that file"
    return ""
