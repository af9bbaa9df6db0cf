"""[A] Reads the YAML files and says what the author wrote, or where it cannot be read.

Imported files are read too, whether they were named to us or not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence as Items
from pathlib import Path

from pcgen import grammar, schema
from pcgen.codes import Code
from pcgen.declarations import I64_MIN, U16_MAX, U64_MAX, TypeReader
from pcgen.diagnostics import ErrorSink
from pcgen.fields import missing, parse_number
from pcgen.source import Number, SourceFile, Span, Text, resolved
from pcgen.tree import Entry, Node, Sequence, read_tree

RATE_MAX = 1_000_000
FRAME_LEAST = 4

FLOW_FORM = re.compile(r"(\S+)\s+->\s+(\S+)\Z")
RANGE_FORM = re.compile(r"(\S+?)\s*-\s*(\S+)\Z")


class _FileReader(TypeReader):
    """One file: each method reads one part of the language."""

    def __init__(self, source: SourceFile, sink: ErrorSink) -> None:
        super().__init__(sink)
        self.source = source

    def file(self, root: Node) -> schema.File:
        top = self.read.mapping(root, "a protocol file")
        keys = self.read.keys(top, grammar.FILE)
        frame_max = None
        if "limits" in keys:
            limits = self.read.mapping(keys["limits"].value, "limits")
            limit_keys = self.read.keys(limits, grammar.LIMITS)
            frame_max = self.optional_number(limit_keys, "frame_max", FRAME_LEAST, U16_MAX)
        version = self.optional_number(keys, "version", 1, U16_MAX)
        return schema.File(
            source=self.source,
            protocol=self.word(keys, "protocol", top.span),
            version=version or Number(1, top.span),
            doc=self.read.doc(keys),
            imports=self.words(keys, "import"),
            roles=self.words(keys, "roles") if "roles" in keys else None,
            roles_span=keys["roles"].key.span if "roles" in keys else None,
            outside=self.words(keys, "outside") if "outside" in keys else None,
            frame_max=frame_max,
            reserved=self.reserved(keys),
            machines=tuple(self.machine(entry) for entry in self.members(keys, "states")),
            flows=tuple(self.flow(item) for item in self.items(keys, "flows")),
            consts=tuple(self.const(entry) for entry in self.members(keys, "consts")),
            enums=tuple(self.enum(entry) for entry in self.members(keys, "enums")),
            flags=tuple(self.flags(entry) for entry in self.members(keys, "flags")),
            structs=tuple(self.struct(entry) for entry in self.members(keys, "structs")),
            unions=tuple(self.union(entry) for entry in self.members(keys, "unions")),
            packets=tuple(self.packet(entry) for entry in self.members(keys, "packets")),
        )

    # ---- parts of the language ----

    def machine(self, entry: Entry) -> schema.StateMachine:
        what = f"the state machine `{entry.key}`"
        states = tuple(self.read.text(item, "a state")
                       for item in self.read.sequence(entry.value, what))
        if not states:
            self.sink.error(Code.EMPTY, entry.key.span, f"{what} has no states")
        return schema.StateMachine(entry.key, states)

    def flow(self, node: Node) -> schema.Flow:
        mapping = self.read.mapping(node, "a flow")
        keys = self.read.keys(mapping, grammar.FLOW)
        name = self.flow_name(keys["flow"].value) if "flow" in keys else None
        nobody = missing(mapping.span)
        return schema.Flow(
            name=name or schema.FlowName(nobody, nobody, mapping.span),
            ids=self.id_range(keys, mapping.span),
            states=self.word(keys, "states", mapping.span) if "states" in keys else None,
            via=self.word(keys, "via", mapping.span) if "via" in keys else None,
        )

    def flow_name(self, node: Node) -> schema.FlowName:
        text = self.read.text(node, "flow")
        match = FLOW_FORM.match(text.value)
        if match is None:
            if text.value:
                self.sink.error(Code.FLOW_SYNTAX, text.span, f"`{text}` is not a flow",
                                "write it as: client -> gate")
            return schema.FlowName(missing(text.span), missing(text.span), text.span)
        ends = [Text(match[i], text.span.part(match.start(i), len(match[i]))) for i in (1, 2)]
        return schema.FlowName(ends[0], ends[1], text.span)

    def id_range(self, keys: dict[str, Entry], span: Span) -> schema.IdRange:
        if "ids" not in keys:
            return schema.IdRange(1, U16_MAX, span)
        return self.id_span(self.read.text(keys["ids"].value, "ids"))

    def id_span(self, text: Text) -> schema.IdRange:
        """`first-last`."""
        if not text.value:
            return schema.IdRange(1, U16_MAX, text.span)
        match = RANGE_FORM.match(text.value)
        ends = [parse_number(match[i]) for i in (1, 2)] if match else [None, None]
        first, last = ends
        if first is None or last is None or not (1 <= first <= U16_MAX and 1 <= last <= U16_MAX):
            self.sink.error(Code.RANGE_SYNTAX, text.span, f"`{text}` is not a range of ids",
                            "write it as: 0x0100-0x01ff; ids are 1..65535")
            return schema.IdRange(1, U16_MAX, text.span)
        return schema.IdRange(first, last, text.span)

    def reserved(self, keys: dict[str, Entry]) -> schema.Reserved:
        """Ids, alone or as ranges, and names."""
        if "reserved" not in keys:
            return schema.Reserved((), ())
        mapping = self.read.mapping(keys["reserved"].value, "reserved")
        entries = self.read.keys(mapping, grammar.RESERVED)
        ids: list[schema.IdRange] = []
        for text in self.words(entries, "ids"):
            value = parse_number(text.value)
            if value is not None and 1 <= value <= U16_MAX:
                ids.append(schema.IdRange(value, value, text.span))
            elif text.value:
                ids.append(self.id_span(text))
        return schema.Reserved(tuple(ids), self.words(entries, "names"))

    def const(self, entry: Entry) -> schema.Const:
        value = self.read.number(entry.value, f"the constant `{entry.key}`", I64_MIN, U64_MAX)
        return schema.Const(entry.key, value)

    def packet(self, entry: Entry) -> schema.Packet:
        what = f"the packet `{entry.key}`"
        mapping = self.read.mapping(entry.value, what)
        keys = self.read.keys(mapping, grammar.PACKET, what)
        states = None
        if "states" in keys:
            states = self.words(keys, "states")
            if not states:
                self.sink.error(Code.EMPTY, keys["states"].key.span, f"{what} is legal in no state",
                                "leave `states` out if it is legal in all of them")
        return schema.Packet(
            name=entry.key,
            id=self.optional_number(keys, "id", 1, U16_MAX) or Number(1, mapping.span),
            doc=self.read.doc(keys),
            flows=self.packet_flows(keys),
            states=states,
            rate=self.rate(keys["rate"].value) if "rate" in keys else None,
            fields=tuple(self.field(item) for item in self.items(keys, "fields")),
            reply=self.optional_word(keys, "reply"),
            latest=self.optional_word(keys, "latest"),
            tail=self.optional_word(keys, "tail"),
            since=self.optional_number(keys, "since", 1, U16_MAX),
            deprecated=self.read.deprecated(keys),
            examples=tuple(self.example(item) for item in self.items(keys, "examples")),
        )

    def example(self, node: Node) -> schema.Example:
        mapping = self.read.mapping(node, "an example")
        keys = self.read.keys(mapping, grammar.EXAMPLE)
        value = keys["value"].value if "value" in keys else mapping
        hex_ = self.read.prose(keys["hex"].value, "hex") if "hex" in keys else None
        return schema.Example(value, hex_, self.read.doc(keys))

    def packet_flows(self, keys: dict[str, Entry]) -> tuple[schema.FlowName, ...]:
        """One flow, or a list of them."""
        if "flow" not in keys:
            return ()
        node = keys["flow"].value
        if isinstance(node, Sequence):
            if not node.items:
                self.sink.error(Code.EMPTY, node.span, "flow is empty")
            return tuple(self.flow_name(item) for item in node.items)
        return (self.flow_name(node),)

    def rate(self, node: Node) -> schema.Rate:
        mapping = self.read.mapping(node, "a rate")
        keys = self.read.keys(mapping, grammar.RATE)
        per_sec = self.optional_number(keys, "per_sec", 1, RATE_MAX) or Number(1, mapping.span)
        burst = self.optional_number(keys, "burst", 1, RATE_MAX)
        over = self.word(keys, "over", mapping.span) if "over" in keys else Text("kick",
                                                                                 mapping.span)
        return schema.Rate(per_sec, burst or per_sec, over, mapping.span)


def decoded(data: bytes, path: Path, shown: str, sink: ErrorSink) -> SourceFile | None:
    """A file's bytes as text."""
    try:
        return SourceFile(path, shown, data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        source = SourceFile(path, shown, error.object.decode("utf-8", "replace"))
        before = error.object[:error.start].decode("utf-8")
        where = Span(source, before.count("\n") + 1, len(before) - before.rfind("\n"))
        sink.error(Code.UNREADABLE, where,
                   f"the file is not UTF-8 (byte 0x{error.object[error.start]:02x})")
        return None


def _unreadable(shown: str, reason: str, asked: Span | None, sink: ErrorSink) -> None:
    """asked: see open_source."""
    if asked is not None:
        sink.error(Code.IMPORT_MISSING, asked, f"cannot read `{shown}`: {reason}",
                   "imports are relative to the file that names them")
    else:
        where = Span(SourceFile(Path(shown), shown, ""), 1, 1)
        sink.error(Code.UNREADABLE, where, f"cannot read the file: {reason}")


def open_source(path: Path, shown: str, asked: Span | None, sink: ErrorSink) -> SourceFile | None:
    """The file's text. `asked` is the import that names it, if one does."""
    try:
        data = path.read_bytes()
    except OSError as error:
        _unreadable(shown, (error.strerror or str(error)).lower(), asked, sink)
        return None
    return decoded(data, path, shown, sink)


def load(paths: Items[Path], sink: ErrorSink) -> tuple[schema.File, ...]:
    """Read the files and all that they import, each once, in a fixed order (by name)."""
    waiting: list[tuple[Path, str, Span | None]] = [(path, str(path), None) for path in paths]
    seen: set[Path] = set()
    files: list[schema.File] = []
    while waiting:
        path, shown, asked = waiting.pop(0)
        try:
            real = resolved(path)
        except ValueError:
            _unreadable(shown, "no file can be called that", asked, sink)
            continue
        if real in seen:
            continue
        seen.add(real)
        source = open_source(path, shown, asked, sink)
        root = read_tree(source, sink) if source is not None else None
        if source is None or root is None:
            continue
        file = _FileReader(source, sink).file(root)
        files.append(file)
        for name in file.imports:
            if name.value:
                folder = Path(shown).parent
                waiting.append((path.parent / name.value, str(folder / name.value), name.span))
    return tuple(sorted(files, key=lambda file: (file.protocol.value, file.source.shown)))
