"""[A] Reads what a file declares for others to use: enums, flags, structs, unions, their fields."""

from __future__ import annotations

from pcgen import grammar, schema
from pcgen.codes import Code
from pcgen.diagnostics import ErrorSink
from pcgen.fields import Reader, missing
from pcgen.grammar import Keys
from pcgen.source import Number, Span, Text
from pcgen.tree import Entry, Mapping, Node, Sequence

U16_MAX = 0xFFFF
U64_MAX = 0xFFFF_FFFF_FFFF_FFFF
I64_MIN = -0x8000_0000_0000_0000


class TypeReader:
    """Each method reads one kind of declaration; errors go to the sink."""

    def __init__(self, sink: ErrorSink) -> None:
        self.sink = sink
        self.read = Reader(sink)

    # ---- declarations ----

    def enum(self, entry: Entry) -> schema.Enum:
        return self.values(entry, f"the enum `{entry.key}`", grammar.ENUM, grammar.ENUM_VALUE)

    def flags(self, entry: Entry) -> schema.Enum:
        return self.values(entry, f"the flags `{entry.key}`", grammar.FLAGS, grammar.FLAG_BIT)

    def values(self, entry: Entry, what: str, keys: Keys, member_keys: Keys) -> schema.Enum:
        """An enum's values and the bits of flags are written alike."""
        mapping = self.read.mapping(entry.value, what)
        entries = self.read.keys(mapping, keys, what)
        holder = keys.required[1]
        members = tuple(self.member(member, member_keys)
                        for member in self.members(entries, holder))
        if holder in entries and not members:
            self.sink.error(Code.EMPTY, entry.key.span, f"{what} has no {holder}")
        return schema.Enum(entry.key, self.word(entries, "type", mapping.span),
                           self.read.doc(entries), members,
                           self.optional_word(entries, "unknown"), self.read.deprecated(entries))

    def member(self, entry: Entry, keys: Keys) -> schema.Member:
        """`NAME: 1`, or `NAME: {value: 1, since: 2}`."""
        what = f"`{entry.key}`"
        if not isinstance(entry.value, Mapping):
            value = self.read.number(entry.value, what, I64_MIN, U64_MAX)
            return schema.Member(entry.key, value, "", None, None)
        entries = self.read.keys(entry.value, keys, what)
        number = self.optional_number(entries, keys.required[0], I64_MIN, U64_MAX)
        return schema.Member(entry.key, number or Number(0, entry.value.span),
                             self.read.doc(entries),
                             self.optional_number(entries, "since", 1, U16_MAX),
                             self.read.deprecated(entries))

    def struct(self, entry: Entry) -> schema.Struct:
        what = f"the struct `{entry.key}`"
        mapping = self.read.mapping(entry.value, what)
        keys = self.read.keys(mapping, grammar.STRUCT, what)
        fields = tuple(self.field(item) for item in self.items(keys, "fields"))
        if "fields" in keys and not fields:
            self.sink.error(Code.EMPTY, entry.key.span, f"{what} has no fields")
        return schema.Struct(entry.key, self.read.doc(keys), fields,
                             self.flag(keys, "extensible"), self.read.deprecated(keys))

    def union(self, entry: Entry) -> schema.Union:
        what = f"the union `{entry.key}`"
        mapping = self.read.mapping(entry.value, what)
        keys = self.read.keys(mapping, grammar.UNION, what)
        cases = tuple(self.case(member) for member in self.members(keys, "cases"))
        if "cases" in keys and not cases:
            self.sink.error(Code.EMPTY, entry.key.span, f"{what} has no cases")
        return schema.Union(entry.key, self.word(keys, "tag", mapping.span), self.read.doc(keys),
                            cases, self.flag(keys, "open"), self.read.deprecated(keys))

    def case(self, entry: Entry) -> schema.Case:
        """`name: 1` where nothing follows the tag, or `name: {tag: 1, type: u64}`."""
        what = f"the case `{entry.key}`"
        if not isinstance(entry.value, Mapping):
            tag = self.read.number(entry.value, what, 0, U16_MAX)
            return schema.Case(entry.key, tag, None, "", None, None)
        keys = self.read.keys(entry.value, grammar.CASE, what)
        number = self.optional_number(keys, "tag", 0, U16_MAX)
        return schema.Case(entry.key, number or Number(0, entry.value.span),
                           self.optional_word(keys, "type"), self.read.doc(keys),
                           self.optional_number(keys, "since", 1, U16_MAX),
                           self.read.deprecated(keys))

    # ---- fields ----

    def field(self, node: Node) -> schema.Field:
        """`- name: type`, or `- name: {type: ..., doc: ...}`."""
        mapping = self.read.mapping(node, "a field")
        if len(mapping.entries) != 1:
            if isinstance(node, Mapping):
                self.sink.error(Code.WRONG_KIND, node.span, "a field is one `name: type`",
                                "begin each field with `- `")
            return schema.Field(missing(node.span), missing(node.span), "")
        entry = mapping.entries[0]
        if isinstance(entry.value, Mapping):
            return self.long_field(entry.key, entry.value)
        return schema.Field(entry.key, self.read.text(entry.value, "a type"), "")

    def long_field(self, name: Text, mapping: Mapping) -> schema.Field:
        keys = self.read.keys(mapping, grammar.FIELD, f"the field `{name}`")
        return schema.Field(
            name=name,
            type=self.word(keys, "type", mapping.span),
            doc=self.read.doc(keys),
            range=self.range(keys["range"].value) if "range" in keys else None,
            range_span=keys["range"].value.span if "range" in keys else None,
            min=self.optional_word(keys, "min"),
            charset=self.optional_word(keys, "charset"),
            since=self.optional_number(keys, "since", 1, U16_MAX),
            default=keys["default"].value if "default" in keys else None,
            secret=self.flag(keys, "secret"),
            deprecated=self.read.deprecated(keys),
        )

    def range(self, node: Node) -> tuple[Text, Text] | None:
        """`[least, most]`."""
        if isinstance(node, Sequence) and len(node.items) == 2:
            return (self.read.text(node.items[0], "a range's end"),
                    self.read.text(node.items[1], "a range's end"))
        self.sink.error(Code.WRONG_KIND, node.span, "a range is a list of two numbers",
                        "write it as: [1, 999]")
        return None

    # ---- small helpers ----

    def members(self, keys: dict[str, Entry], key: str) -> tuple[Entry, ...]:
        """The entries of the mapping under a key, if it is there."""
        return self.read.mapping(keys[key].value, key).entries if key in keys else ()

    def items(self, keys: dict[str, Entry], key: str) -> tuple[Node, ...]:
        return self.read.sequence(keys[key].value, key) if key in keys else ()

    def flag(self, keys: dict[str, Entry], key: str) -> bool:
        return self.read.flag(keys[key].value, key) if key in keys else False

    def word(self, keys: dict[str, Entry], key: str, span: Span) -> Text:
        return self.read.text(keys[key].value, key) if key in keys else missing(span)

    def optional_word(self, keys: dict[str, Entry], key: str) -> Text | None:
        return self.read.text(keys[key].value, key) if key in keys else None

    def words(self, keys: dict[str, Entry], key: str) -> tuple[Text, ...]:
        return tuple(self.read.text(item, f"an item of {key}") for item in self.items(keys, key))

    def optional_number(self, keys: dict[str, Entry], key: str, least: int,
                        most: int) -> Number | None:
        return self.read.number(keys[key].value, key, least, most) if key in keys else None
