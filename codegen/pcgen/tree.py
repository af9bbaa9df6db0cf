"""[A] YAML text to a strict tree with positions.

Built from the parser's events, so that nothing is resolved behind our back: a scalar stays the text
that was written. Refused here: anchors, aliases, merge keys, tags, duplicate keys, and bare words
that YAML 1.1 readers take for booleans or null.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import yaml

from pcgen.codes import Code
from pcgen.diagnostics import ErrorSink
from pcgen.source import SourceFile, Span, Text

# `y` and `n` are left out: the common readers take them as text, and vectors have a y.
YAML_WORDS = frozenset(
    form
    for word in ("yes", "no", "on", "off", "true", "false", "null")
    for form in (word, word.capitalize(), word.upper())
) | {"~"}
# These mean the same to every reader; where a word is wanted, fields.Reader refuses them.
PLAIN_WORDS = frozenset({"true", "false", "null"})
DEPTH_MAX = 150  # of lists and mappings in each other; examples of the deepest structs need 110


@dataclass(frozen=True, slots=True)
class Scalar:
    """`quoted`: in quotes, or a block behind `|` or `>`; then it is text, whatever it says."""

    text: str
    span: Span
    quoted: bool

    def as_text(self) -> Text:
        return Text(self.text, self.span)


@dataclass(frozen=True, slots=True)
class Entry:
    key: Text
    value: Node


@dataclass(frozen=True, slots=True)
class Mapping:
    entries: tuple[Entry, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Sequence:
    items: tuple[Node, ...]
    span: Span


Node = Scalar | Mapping | Sequence


def refuse_word(text: str, span: Span, sink: ErrorSink) -> None:
    """A bare word that is not text to every reader."""
    sink.error(Code.YAML_WORD, span, f"`{text}` is not text to every YAML reader",
               "put it in quotes or choose another word")


class _Builder:
    """Turns the stream of events into nodes."""

    def __init__(self, source: SourceFile, sink: ErrorSink, loader: type) -> None:
        self.source = source
        self.sink = sink
        self.depth = 0
        parse: Callable[..., Iterator[yaml.Event]] = yaml.parse  # its stubs are untyped
        self.events = parse(source.text, Loader=loader)

    def document(self) -> Node | None:
        """The one document of the stream."""
        root: Node | None = None
        count = 0
        for event in self.events:
            if not isinstance(event, yaml.DocumentStartEvent):
                continue
            count += 1
            node = self.node(next(self.events))
            if count == 1:
                root = node
            elif count == 2:
                self.sink.error(Code.DOCUMENTS, self.span(event), "a second YAML document begins",
                                "one file holds one protocol")
        if count == 0:
            self.sink.error(Code.DOCUMENTS, Span(self.source, 1, 1), "the file is empty")
        return root

    def node(self, event: yaml.Event) -> Node:
        self.refuse_decoration(event)
        if isinstance(event, yaml.CollectionStartEvent):
            return self.collection(event)
        text = event.value if isinstance(event, yaml.ScalarEvent) else ""
        quoted = isinstance(event, yaml.ScalarEvent) and event.style in ("'", '"', "|", ">")
        return self.scalar(text, self.span(event), quoted)

    def collection(self, event: yaml.CollectionStartEvent) -> Mapping | Sequence:
        self.depth += 1
        if self.depth > DEPTH_MAX:
            raise yaml.MarkedYAMLError(problem="nested too deeply", problem_mark=event.start_mark)
        found: Mapping | Sequence
        if isinstance(event, yaml.MappingStartEvent):
            found = self.mapping(event)
        else:
            found = self.sequence(event)
        self.depth -= 1
        return found

    def key(self, event: yaml.Event) -> Node:
        key = self.node(event)
        if isinstance(key, Scalar) and not key.quoted and key.text in PLAIN_WORDS:
            refuse_word(key.text, key.span, self.sink)
        return key

    def scalar(self, text: str, span: Span, quoted: bool) -> Scalar:
        if not quoted and text in YAML_WORDS - PLAIN_WORDS:
            refuse_word(text, span, self.sink)
        return Scalar(text, span.part(1, len(text)) if quoted else span, quoted)

    def mapping(self, start: yaml.MappingStartEvent) -> Mapping:
        entries: list[Entry] = []
        seen: dict[str, Span] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self.key(event)
            value = self.node(next(self.events))
            if not isinstance(key, Scalar):
                self.sink.error(Code.WRONG_KIND, key.span, "a key must be a plain word")
                continue
            if not key.text:
                self.sink.error(Code.WRONG_KIND, key.span, "a key must not be empty")
            if key.text == "<<" and not key.quoted:
                self.sink.error(Code.ANCHOR, key.span, "merge keys are not allowed")
                continue
            if key.text in seen:
                self.sink.error(Code.DUPLICATE_KEY, key.span, f"the key `{key.text}` stands twice",
                                f"it is first set in line {seen[key.text].line}")
                continue
            seen[key.text] = key.span
            entries.append(Entry(key.as_text(), value))
        return Mapping(tuple(entries), self.span(start))

    def sequence(self, start: yaml.CollectionStartEvent) -> Sequence:
        items: list[Node] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self.node(event))
        return Sequence(tuple(items), self.span(start))

    def refuse_decoration(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.AliasEvent):
            self.sink.error(Code.ANCHOR, self.span(event), "aliases are not allowed",
                            "write the value where it is used")
        elif getattr(event, "anchor", None) is not None:
            self.sink.error(Code.ANCHOR, self.span(event), "anchors are not allowed")
        elif getattr(event, "tag", None) is not None:
            self.sink.error(Code.TAG, self.span(event), "tags are not allowed")

    def span(self, event: yaml.Event) -> Span:
        start, end = event.start_mark, event.end_mark
        size = end.column - start.column if end.line == start.line else 1
        return Span(self.source, start.line + 1, start.column + 1, max(size, 1))


# libyaml's parser gives the same events ten times as fast, where PyYAML was built with it.
LOADER: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_tree(source: SourceFile, sink: ErrorSink) -> Node | None:
    """The file's document, or None if it is not YAML. What is wrong is said by PyYAML's own parser,
    so that it is said alike everywhere."""
    try:
        return _Builder(source, sink, LOADER).document()
    except yaml.YAMLError as error:
        if _read_slowly(source, sink) is not None:
            _refuse(source, sink, error)
        return None


def _read_slowly(source: SourceFile, sink: ErrorSink) -> Node | None:
    try:
        return _Builder(source, sink, yaml.SafeLoader).document()
    except yaml.YAMLError as error:
        _refuse(source, sink, error)
        return None


def _refuse(source: SourceFile, sink: ErrorSink, error: yaml.YAMLError) -> None:
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        sink.error(Code.YAML_SYNTAX, Span(source, line, column),
                   f"not YAML: {error.problem or error.context}")
    else:
        sink.error(Code.YAML_SYNTAX, Span(source, 1, 1),
                   "not YAML: " + str(error).splitlines()[0])
