"""Writes a protocol file in its one form. What it says and its comments stay; formatting what has
been formatted changes nothing.

    two spaces for each level, lists below their key included; 100 columns; \\n
    {a: 1} and [a, b] stay on one line while they fit and have no comments inside, else they unfold
    running text is filled; quotes and numbers stay as they were written
    comments behind neighbouring lines are aligned; at most one empty line, and one before each
    part of the file that has several lines
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import yaml

from pcgen.comments import Comment, comments_of
from pcgen.tree import LOADER

COLUMNS = 100
STEP = 2


@dataclass(frozen=True, slots=True)
class Leaf:
    """A scalar. Lines are those of its first and last character, from 0."""

    raw: str
    value: str
    style: str  # "" plain, or ' " | >
    line: int
    last: int


@dataclass(frozen=True, slots=True)
class Branch:
    """A mapping or, where the keys are None, a list. `bare`: a flow mapping without braces."""

    items: tuple[tuple[Leaf | None, Node], ...]
    is_map: bool
    flow: bool
    bare: bool
    line: int
    last: int
    column: int


Node = Leaf | Branch


class _Tree:
    """Nodes with their text, from the parser's events."""

    def __init__(self, text: str) -> None:
        self.text = text
        parse: Callable[..., Iterator[yaml.Event]] = yaml.parse  # its stubs are untyped
        self.events = (event for event in parse(text, Loader=LOADER)
                       if isinstance(event, yaml.NodeEvent | yaml.CollectionEndEvent))

    def following(self) -> Node:
        """The next node: the whole document at first, then the value of a key."""
        return self.node(next(self.events))

    def node(self, event: yaml.Event) -> Node:
        if isinstance(event, yaml.ScalarEvent):
            return self.leaf(event)
        is_map = isinstance(event, yaml.MappingStartEvent)
        start, flow = event.start_mark, bool(getattr(event, "flow_style", False))
        items: list[tuple[Leaf | None, Node]] = []
        while not isinstance(event := next(self.events), yaml.CollectionEndEvent):
            first = self.node(event)
            key = first if is_map and isinstance(first, Leaf) else None
            items.append((key, self.following() if key is not None else first))
        end = event.end_mark
        last = end.line if flow else max([start.line, *(node.last for _, node in items)])
        bare = flow and is_map and self.text[start.index:start.index + 1] != "{"
        return Branch(tuple(items), is_map, flow, bare, start.line, last, start.column)

    def leaf(self, event: yaml.ScalarEvent) -> Leaf:
        start, end = event.start_mark, event.end_mark
        raw = self.text[start.index:end.index].rstrip()
        return Leaf(raw, event.value, event.style or "", start.line, start.line + raw.count("\n"))


@dataclass(slots=True)
class _Line:
    """`comment`: what stands behind the text."""

    text: str
    comment: str = ""


class _Writer:
    def __init__(self, comments: list[Comment]) -> None:
        self.comments = comments  # those that wait
        self.lines: list[_Line] = []
        self.last = -1  # the last line of the source that has been written

    # ---- comments and empty lines ----

    def put(self, indent: int, text: str, line: int, first: bool = False) -> None:
        """A line; an empty one before it, if there was one. first: of what it is inside."""
        if line - self.last > 1 and self.lines and not first:
            self.empty()
        self.lines.append(_Line(" " * indent + text))
        self.last = max(self.last, line)

    def empty(self) -> None:
        if self.lines and self.lines[-1].text:
            self.lines.append(_Line(""))

    def before(self, line: int, indent: int, first: bool, column: int = 0) -> bool:
        """Comments above a line, of at least this column; true if there were none."""
        while self.comments and self.comments[0].line < line and (
                self.comments[0].column >= column or not self.comments[0].alone):
            comment = self.comments.pop(0)
            self.put(indent, comment.text, comment.line, first)
            first = False
        return first

    def behind(self, first: int, last: int) -> None:
        """The comment behind the line just written, which came from these of the source."""
        for comment in list(self.comments):
            if not comment.alone and first <= comment.line <= last and not self.lines[-1].comment:
                self.lines[-1].comment = comment.text
                self.comments.remove(comment)
        self.last = max(self.last, last)

    def has_inside(self, node: Branch) -> bool:
        """True if there are comments before the node's last line."""
        return any(node.line <= comment.line < node.last for comment in self.comments)

    # ---- nodes ----

    def block(self, node: Branch, indent: int, limit: int, top: bool = False) -> None:
        """limit: the line of what follows the node."""
        first = not top
        starts = [(key or value).line for key, value in node.items]
        for index, (key, value) in enumerate(node.items):
            start = starts[index]
            end = starts[index + 1] if index + 1 < len(starts) else limit
            mark = len(self.lines)
            first = self.before(start, indent, first)
            lead = f"{key.raw}:" if key is not None else "-"
            self.item(lead, value, indent, (start, end), first)
            if top and len(self.lines) - mark > 1 and isinstance(value, Branch):
                self.part(mark)
            first = False
        self.before(limit, indent, False, node.column if not node.flow else indent)

    def part(self, mark: int) -> None:
        """An empty line before what was written since, its comments included."""
        if mark and self.lines[mark].text and self.lines[mark - 1].text:
            self.lines.insert(mark, _Line(""))

    def item(self, lead: str, value: Node, indent: int, lines: tuple[int, int],
             first: bool) -> None:
        """`lead` is `key:` or `-`; lines: its own, and that of what follows."""
        start, limit = lines
        if isinstance(value, Branch) and (text := self.folded(value, indent + len(lead) + 1)):
            self.put(indent, f"{lead} {text}", start, first)
            self.behind(start, value.last)
        elif isinstance(value, Branch) and lead == "-":
            mark = len(self.lines)
            gap = start - self.last > 1 and not first
            self.last = start
            self.block(value, indent + STEP, limit)
            self.lines[mark].text = " " * indent + "- " + self.lines[mark].text.lstrip()
            if gap:
                self.lines.insert(mark, _Line(""))
        elif isinstance(value, Branch):
            self.put(indent, lead, start, first)
            self.behind(start, start if value.line > start or not value.flow else value.line)
            self.block(value, indent + STEP, limit)
        else:
            self.scalar(lead, value, indent, start, first)

    def scalar(self, lead: str, leaf: Leaf, indent: int, start: int, first: bool) -> None:
        text = _one_line(leaf)
        if leaf.style in ("|", ">") and text is None:
            self.put(indent, f"{lead} {leaf.raw.splitlines()[0].split('#')[0].strip()}", start,
                     first)
            self.behind(start, leaf.line)
            for line in _block_lines(leaf):
                self.lines.append(_Line(" " * (indent + STEP) + line if line else ""))
        elif leaf.style == "" and text is None or text is not None and leaf.style == "" and (
                indent + len(lead) + 1 + len(text) > COLUMNS):
            for number, line in enumerate(_filled(lead, leaf.value, indent)):
                if number:
                    self.lines.append(_Line(line))
                else:
                    self.put(indent, line, start, first)
            self.behind(start, leaf.last)
        else:
            self.put(indent, f"{lead} {text}".rstrip(), start, first)
            self.behind(start, leaf.last)
        self.last = max(self.last, leaf.last)

    def folded(self, node: Branch, column: int) -> str:
        """The node on one line from this column on; empty if it is not to be on one."""
        if node.items and (not node.flow or self.has_inside(node)):
            return ""
        text = _flow(node) or ""
        return text if column + len(text) <= COLUMNS or not node.items else ""


def _one_line(leaf: Leaf) -> str | None:
    """The scalar as one line; None if it takes several."""
    if leaf.style in ("|", ">"):
        header = leaf.raw.splitlines()[0].split("#")[0].strip()
        if header.strip("|>+-"):  # it says how far it is indented
            return json.dumps(leaf.value, ensure_ascii=False)
        return None
    if "\n" not in leaf.raw:
        return leaf.raw
    return json.dumps(leaf.value, ensure_ascii=False) if leaf.style else None


def _block_lines(leaf: Leaf) -> list[str]:
    """The lines of a literal or folded scalar, without what they are indented by."""
    lines = [line.rstrip() for line in leaf.raw.splitlines()[1:]]
    depth = min((len(line) - len(line.lstrip()) for line in lines if line), default=0)
    return [line[depth:] for line in lines]


def _filled(lead: str, value: str, indent: int) -> Iterator[str]:
    """Running text: the first line without its indent, the others with it."""
    line, inside = lead, indent
    for number, paragraph in enumerate(value.split("\n")):
        if number:
            yield line
            line = ""
        for word in paragraph.split():
            if line and inside + len(line) + 1 + len(word) > COLUMNS and line != lead:
                yield line
                line = ""
            if not line:
                line, inside = " " * (indent + STEP) + word, 0
            else:
                line = f"{line} {word}"
    yield line


def _flow(node: Node) -> str | None:
    """The node in flow style on one line; None if it cannot be."""
    if isinstance(node, Leaf):
        if node.style in ("|", ">"):
            return None
        text = _one_line(node)
        return text if text is not None else " ".join(node.value.split())
    parts: list[str] = []
    for key, value in node.items:
        text = _flow(value)
        if text is None:
            return None
        pair = f"{key.raw}: {text}" if key is not None and text else None
        parts.append(pair or (key.raw if key is not None else text))
    inside = ", ".join(parts)
    if node.bare:
        return inside
    return f"{{{inside}}}" if node.is_map else f"[{inside}]"


def _align(lines: list[_Line]) -> Iterator[str]:
    """Comments behind neighbouring lines of one indent begin in one column, if they fit."""
    at = 0
    while at < len(lines):
        end = at + 1
        if lines[at].comment:
            while end < len(lines) and lines[end].comment and _indent(lines[end]) == _indent(
                    lines[at]):
                end += 1
        run = lines[at:end]
        width = max(len(line.text) for line in run)
        fits = all(width + STEP + len(line.comment) <= COLUMNS for line in run)
        for line in run:
            room = width if fits else len(line.text)
            yield (line.text.ljust(room) + "  " + line.comment if line.comment
                   else line.text.rstrip())
        at = end


def _indent(line: _Line) -> int:
    return len(line.text) - len(line.text.lstrip())


_ROUNDS_MAX = 4


def format_text(text: str) -> str:
    """The file in its one form. The text must be one YAML document without tags or anchors. Where
    a comment stands so oddly that it moves, it has settled after another round."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    for _ in range(_ROUNDS_MAX):
        last, text = text, _once(text)
        if text == last:
            return text
    raise Unsafe("the formatted text does not settle")


def _once(text: str) -> str:
    comments = comments_of(text)
    writer = _Writer(list(comments))
    root = _Tree(text).following()
    end = text.count("\n") + 2
    if isinstance(root, Branch):
        writer.block(root, 0, end, top=True)
    writer.before(end, 0, False)
    result = "\n".join(_align(writer.lines)).rstrip("\n") + "\n"
    _check(text, result, comments)
    return result


class Unsafe(Exception):
    """The new text would not say the same: something is written so oddly that the formatter does
    not understand it. Nothing is written."""


def _meaning(text: str) -> list[tuple[str, str]]:
    parse: Callable[..., Iterator[yaml.Event]] = yaml.parse
    found = []
    for event in parse(text, Loader=LOADER):
        if isinstance(event, yaml.NodeEvent | yaml.CollectionEndEvent):
            value = event.value if isinstance(event, yaml.ScalarEvent) else ""
            quoted = isinstance(event, yaml.ScalarEvent) and bool(event.style)
            found.append((f"{type(event).__name__} {quoted}", " ".join(value.split())))
    return found


def _check(old: str, new: str, comments: list[Comment]) -> None:
    try:
        same = sorted(comment.text for comment in comments_of(new)) == sorted(
            comment.text for comment in comments) and _meaning(old) == _meaning(new)
    except yaml.YAMLError:
        same = False
    if not same:
        raise Unsafe("the formatted text would not mean the same")
