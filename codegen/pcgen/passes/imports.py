"""Imports: which files' names a file may use. Only what a file imports itself is visible to it."""

from __future__ import annotations

from pcgen import schema
from pcgen.codes import Code
from pcgen.passes.context import Context
from pcgen.source import Text, resolved


def _target(context: Context, file: schema.File, name: Text) -> schema.File | None:
    path = resolved(file.source.path.parent / name.value)
    return next((other for other in context.files if resolved(other.source.path) == path), None)


def _direct(context: Context, file: schema.File) -> list[tuple[Text, schema.File]]:
    """The imports of a file that exist, each once."""
    found: list[tuple[Text, schema.File]] = []
    for name in file.imports:
        target = _target(context, file, name)
        if target is None:
            continue
        if any(target is other for _, other in found):
            context.sink.error(Code.IMPORT_TWICE, name.span, f"`{name}` is imported twice")
            continue
        found.append((name, target))
    return found


class _Order:
    """Sorts the files so that each stands behind its imports; a cycle is an error."""

    def __init__(self, context: Context,
                 imports: dict[str, list[tuple[Text, schema.File]]]) -> None:
        self.context = context
        self.imports = imports
        self.done: list[str] = []
        self.open: list[str] = []

    def visit(self, protocol: str) -> None:
        self.open.append(protocol)
        for name, target in self.imports[protocol]:
            other = target.protocol.value
            if other in self.open:
                path = " -> ".join([*self.open[self.open.index(other):], other])
                self.context.sink.error(Code.IMPORT_CYCLE, name.span,
                                        f"importing `{name}` closes a circle: {path}")
            elif other not in self.done:
                self.visit(other)
        self.open.pop()
        self.done.append(protocol)


def run(context: Context) -> None:
    """Fill `visible` and `order`."""
    imports = {file.protocol.value: _direct(context, file) for file in context.files}
    order = _Order(context, imports)
    for file in context.files:
        protocol = file.protocol.value
        context.visible[protocol] = (file, *(target for _, target in imports[protocol]))
        if protocol not in order.done:
            order.visit(protocol)
    context.order = tuple(order.done)
