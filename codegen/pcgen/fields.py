"""[A] Typed access to the tree: known keys, kinds and numbers, each refusal with its place."""

from __future__ import annotations

import re

from pcgen.codes import Code
from pcgen.diagnostics import ErrorSink, did_you_mean
from pcgen.grammar import Keys
from pcgen.source import Number, Span, Text
from pcgen.tree import PLAIN_WORDS, Entry, Mapping, Node, Scalar, Sequence, refuse_word

_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)\Z")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+\Z")
_OCTAL_LOOKING = re.compile(r"[-+]?(0o?[0-7_]+|0[0-9]+)\Z")
NUMBER_SIZE_MAX = 400  # digits; the greatest float has 309
NUMBER_HELP = "write a decimal number or 0x and hexadecimal digits"


def kind_of(node: Node) -> str:
    """What a node is called in an error."""
    if isinstance(node, Mapping):
        return "a mapping"
    if isinstance(node, Sequence):
        return "a list"
    return "a value" if node.text or node.quoted else "nothing"


def parse_number(text: str) -> int | None:
    """The number a text stands for; None if it is not written as the language wants it."""
    if len(text) > NUMBER_SIZE_MAX:
        return None
    if _DECIMAL.match(text):
        return int(text)
    if _HEXADECIMAL.match(text):
        return int(text, 16)
    return None


class Reader:
    """Turns nodes into words, numbers and lists; errors go to the sink."""

    def __init__(self, sink: ErrorSink) -> None:
        self.sink = sink

    def mapping(self, node: Node, what: str) -> Mapping:
        """The node as a mapping; an empty one after an error."""
        if isinstance(node, Mapping):
            return node
        self.sink.error(Code.WRONG_KIND, node.span,
                        f"{what} must be a mapping, not {kind_of(node)}")
        return Mapping((), node.span)

    def sequence(self, node: Node, what: str) -> tuple[Node, ...]:
        """The node's items; none after an error."""
        if isinstance(node, Sequence):
            return node.items
        self.sink.error(Code.WRONG_KIND, node.span, f"{what} must be a list, not {kind_of(node)}")
        return ()

    def text(self, node: Node, what: str) -> Text:
        """The node as one word or line; an empty one after an error."""
        text = self.prose(node, what)
        if not text.value and isinstance(node, Scalar) and node.quoted:
            self.sink.error(Code.WRONG_KIND, node.span, f"{what} must not be empty")
        return text

    def prose(self, node: Node, what: str) -> Text:
        """The same of what may be empty, if it is put in quotes."""
        if isinstance(node, Scalar) and (node.text or node.quoted):
            if not node.quoted and node.text in PLAIN_WORDS:
                refuse_word(node.text, node.span, self.sink)
            return node.as_text()
        self.sink.error(Code.WRONG_KIND, node.span, f"{what} must be text, not {kind_of(node)}")
        return Text("", node.span)

    def number(self, node: Node, what: str, least: int, most: int) -> Number:
        """The node as an integer of least..most; `least` after an error."""
        if not isinstance(node, Scalar) or not node.text:
            self.sink.error(Code.WRONG_KIND, node.span,
                            f"{what} must be a number, not {kind_of(node)}")
            return Number(least, node.span)
        value = parse_number(node.text) if not node.quoted else None
        if value is None:
            octal = bool(_OCTAL_LOOKING.match(node.text))
            reason = "looks octal" if octal else "is not a number"
            self.sink.error(Code.BAD_NUMBER, node.span, f"{what}: `{node.text}` {reason}",
                            NUMBER_HELP)
            return Number(least, node.span)
        if not least <= value <= most:
            self.sink.error(Code.NUMBER_RANGE, node.span,
                            f"{what} must be {least}..{most}, not {value}")
            return Number(least, node.span)
        return Number(value, node.span)

    def flag(self, node: Node, what: str) -> bool:
        """The node as true or false."""
        if isinstance(node, Scalar) and not node.quoted and node.text in ("true", "false"):
            return node.text == "true"
        self.sink.error(Code.WRONG_KIND, node.span, f"{what} must be true or false")
        return False

    def keys(self, node: Mapping, keys: Keys, what: str = "") -> dict[str, Entry]:
        """The entries of a mapping by key: unknown keys are refused, required ones demanded.

        what  how errors call the mapping, if there is more to say than the grammar does
        """
        what = what or keys.what
        entries: dict[str, Entry] = {}
        for entry in node.entries:
            if entry.key.value in keys.all:
                entries[entry.key.value] = entry
            elif entry.key.value:
                self.sink.error(Code.UNKNOWN_KEY, entry.key.span,
                                f"{what} has no key `{entry.key}`",
                                did_you_mean(entry.key.value, keys.all))
        for key in keys.required:
            if key not in entries:
                self.sink.error(Code.MISSING_KEY, node.span, f"{what} needs the key `{key}`")
        return entries

    def doc(self, entries: dict[str, Entry]) -> str:
        """The value of `doc:` on one line."""
        if "doc" not in entries:
            return ""
        return " ".join(self.prose(entries["doc"].value, "doc").value.split())

    def deprecated(self, entries: dict[str, Entry]) -> str | None:
        """`deprecated: true`, or the reason; None if it is not."""
        if "deprecated" not in entries:
            return None
        node = entries["deprecated"].value
        if isinstance(node, Scalar) and not node.quoted and node.text in ("true", "false"):
            return "" if node.text == "true" else None
        return " ".join(self.prose(node, "deprecated").value.split())


def missing(span: Span) -> Text:
    """Stands in for a word whose absence has been reported."""
    return Text("", span)
