"""Where in the YAML of now a change is shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pcgen import schema
from pcgen.compat.rules import Where
from pcgen.source import Span, Text


_Item = (schema.Packet | schema.Enum | schema.Struct | schema.Union | schema.Const
         | schema.StateMachine)


def _members(item: _Item) -> Iterator[Text]:
    match item:
        case schema.Packet() | schema.Struct():
            yield from (field.name for field in item.fields)
        case schema.Enum():
            yield from (value.name for value in item.values)
        case schema.Union():
            yield from (case.name for case in item.cases)
        case _:
            return


class Places:
    """Finds the spans of names."""

    def __init__(self, files: Sequence[schema.File]) -> None:
        self.files = files
        self.by_name = {file.protocol.value: file for file in files}
        self.spans: dict[Where, Span] = {}
        for file in files:
            self.learn(file)

    def learn(self, file: schema.File) -> None:
        protocol = file.protocol.value
        items: tuple[_Item, ...] = (*file.packets, *file.enums, *file.flags, *file.structs,
                                    *file.unions, *file.consts, *file.machines)
        for item in items:
            self.spans.setdefault(Where(protocol, item.name.value), item.name.span)
            for member in _members(item):
                self.spans.setdefault(Where(protocol, item.name.value, member.value), member.span)

    def of(self, where: Where) -> Span:
        """The nearest thing there is: member, item, file."""
        for place in (where, Where(where.protocol, where.item)):
            if place in self.spans:
                return self.spans[place]
        if where.protocol in self.by_name:
            return self.by_name[where.protocol].protocol.span
        return Span(self.files[0].source, 1, 1)
