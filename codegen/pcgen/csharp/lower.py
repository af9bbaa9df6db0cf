"""[D] Protocol -> the view of its C# file."""

from __future__ import annotations

from pcgen import dispatchers, ir
from pcgen.csharp import naming, spell
from pcgen.csharp.defaults import assign
from pcgen.csharp.spell import block
from pcgen.csharp.views import (
    BodyView,
    ConstView,
    EnumView,
    ModuleView,
    ValueView,
)

_BYTES = "global::System.ReadOnlySpan<byte>"


def _doc(text: str, deprecated: str | None = None) -> str:
    """A comment, on one line; empty if there is nothing to say."""
    words = text if deprecated is None else f"{text} Deprecated. {deprecated}".strip()
    words = " ".join(words.split()).replace("&", "&amp;").replace("<", "&lt;")
    return f"/// <summary>{words.replace('>', '&gt;')}</summary>" if words else ""


def _near(lines: list[str], protocol: str) -> list[str]:
    """Declarations, where a type of the same namespace needs no prefix."""
    return [line.replace(f"global::{naming.namespace(protocol)}.", "") for line in lines]


def _indented(lines: list[str]) -> tuple[str, ...]:
    return tuple(f"        {line}" if line else "" for line in lines)


class _Body:
    """What structs and packets have in common."""

    def __init__(self, item: ir.Struct | ir.Packet) -> None:
        self.item = item
        self.name = item.name

    def members(self) -> list[str]:
        lines: list[str] = []
        for field in self.item.fields:
            comment = _doc(field.doc, field.deprecated)
            lines += [comment] if comment else []
            lines += spell.declare(field.type, field.name, self.name)
        return [*_near(lines, self.item.protocol), ""] if lines else []

    def defaults(self) -> list[str]:
        """A new one has the defaults; bytes of an older peer bring some of them back."""
        later = self.item.groups[1:]
        if not later:
            return []
        lines: list[str] = []
        for group in later:
            inside = [line for field in group.fields
                      for line in assign(field, self.name, field.default)]
            lines += block(f"if (since <= {group.since})", inside)
        return [*block(f"public {naming.class_name(self.item)}()", ["SetDefaults(0);"]), "",
                *block("private void SetDefaults(int since)", lines), ""]

    def write(self, versioned: bool) -> list[str]:
        lines: list[str] = []
        for group in self.item.groups:
            if versioned and group.since > 1:
                lines += block(f"if (version < {group.since})", ["return;"])
            for field in group.fields:
                lines += spell.write(field.type, naming.member(field.name, self.name),
                                     naming.presence(field.name, self.name))
        return lines

    def read(self) -> list[str]:
        lines: list[str] = []
        for group in self.item.groups:
            if group.since > 1:
                lines += block("if (reader.AtEnd)", [f"SetDefaults({group.since});", "return;"])
            for field in group.fields:
                lines += spell.read(field.type, naming.member(field.name, self.name),
                                    naming.presence(field.name, self.name))
        return lines


def _struct(struct: ir.Struct) -> BodyView:
    body = _Body(struct)
    write, fields = body.write(versioned=False), body.read()
    read = block("public void Read(ref _pc.Reader reader)", fields)
    if struct.extensible:
        write = ["int start = writer.Enter();", *write, "writer.Leave(start);"]
        read = [*block("public void Read(ref _pc.Reader reader)",
                       ["int outer = reader.Enter(1);", "ReadFields(ref reader);",
                        "reader.Leave(outer);"]), "",
                *block("private void ReadFields(ref _pc.Reader reader)", fields)]
    lines = [*body.members(), *body.defaults(),
             *block("public void Write(ref _pc.Writer writer)", write), "", *read]
    return BodyView(naming.class_name(struct), _doc(struct.doc, struct.deprecated), "",
                    _indented(lines))


def _packet(packet: ir.Packet) -> BodyView:
    body = _Body(packet)
    frame = "global::System.Span<byte> frame, out int size, int version = 65535"
    end = [] if packet.skips_tail else ["reader.End();"]
    lines = [
        f"public const ushort PacketId = 0x{packet.id:04x};",
        f"public const int FrameMin = {packet.frame.min};",
        f"public const int FrameMax = {packet.frame.max};", "",
        *body.members(), *body.defaults(),
        *block("ushort _pc.IPacket.Id", ["get { return PacketId; }"]), "",
        *block(f"public _pc.WireError Encode({frame})",
               ["var writer = new _pc.Writer(frame);", "Write(ref writer, version);",
                "return writer.Finish(PacketId, FrameMax, out size);"]), "",
        *block(f"public _pc.WireError Decode({_BYTES} payload)",
               ["var reader = new _pc.Reader(payload);", "Read(ref reader);", *end,
                "return reader.Error;"]), "",
        *block("private void Write(ref _pc.Writer writer, int version)", body.write(True)), "",
        *block("private void Read(ref _pc.Reader reader)", body.read())]
    flows = "; ".join(str(flow) for flow in packet.flows)
    return BodyView(naming.class_name(packet),
                    _doc(f"{flows}. {packet.doc}".strip(), packet.deprecated), " : _pc.IPacket",
                    _indented(lines))


class _Union:
    """The parts of one union: a tag, and a member for each case that carries something."""

    def __init__(self, union: ir.Union) -> None:
        self.union = union
        self.tags = naming.qualified_tag(union)

    def member(self, case: ir.Case) -> str:
        return naming.member(case.name, self.union.name)

    def members(self) -> list[str]:
        lines = [f"public {self.tags} Tag;"]
        for case in self.union.cases:
            if case.type is not None:
                lines += spell.declare(case.type, case.name, self.union.name)
        if self.union.open:
            lines += [f"public {spell.scalar(self.union.tag)} UnknownTag;",
                      "public readonly _pc.ValueList<byte> Unknown = "
                      "new _pc.ValueList<byte>(65535);"]
        return _near(lines, self.union.protocol)

    def write(self) -> list[str]:
        union, raw = self.union, spell.scalar(self.union.tag)
        tag = f"({raw})Tag"
        if union.open:
            tag = f"Tag == {self.tags}.UNKNOWN ? UnknownTag : {tag}"
        cases: list[str] = []
        for case in union.cases:
            inside = spell.write(case.type, self.member(case)) if case.type else []
            cases += [f"case {self.tags}.{case.name.upper()}:",
                      *(f"    {line}" for line in (*inside, "break;"))]
        if union.open:
            cases += [f"case {self.tags}.UNKNOWN:", "    writer.Raw(Unknown.AsSpan());",
                      "    break;"]
        cases += ["default:", f"    writer.Fail({spell.ERROR}.TAG);", "    break;"]
        lines = [f"writer.{spell.method(union.tag)}(unchecked({tag}));"]
        if union.open:
            lines += ["int start = writer.Enter();"]
        lines += block("switch (Tag)", cases)
        return [*lines, "writer.Leave(start);"] if union.open else lines

    def read(self) -> list[str]:
        union = self.union
        cases: list[str] = []
        for case in union.cases:
            inside = spell.read(case.type, self.member(case)) if case.type else []
            cases += [f"case {case.tag}:", f"    Tag = {self.tags}.{case.name.upper()};",
                      *(f"    {line}" for line in (*inside, "break;"))]
        if union.open:
            cases += ["default:", f"    Tag = {self.tags}.UNKNOWN;", "    UnknownTag = tag;",
                      "    reader.Rest(Unknown);", "    break;"]
        else:
            cases += ["default:", f"    reader.Fail({spell.ERROR}.TAG);", "    break;"]
        lines = [f"{spell.scalar(union.tag)} tag = reader.{spell.method(union.tag)}();"]
        if union.open:
            lines += ["int outer = reader.Enter(0);"]
        lines += block("switch (tag)", cases)
        return [*lines, "reader.End();", "reader.Leave(outer);"] if union.open else lines

    def body(self) -> BodyView:
        lines = [*self.members(), "",
                 *block("public void Write(ref _pc.Writer writer)", self.write()), "",
                 *block("public void Read(ref _pc.Reader reader)", self.read())]
        return BodyView(naming.class_name(self.union),
                        _doc(self.union.doc, self.union.deprecated), "", _indented(lines))

    def enum(self) -> EnumView:
        values = [ValueView(case.name.upper(), str(case.tag)) for case in self.union.cases]
        if self.union.open:
            values.append(ValueView("UNKNOWN", "-1"))
        return EnumView(naming.tag_enum(self.union), self.tags,
                        _doc(f"The cases of {naming.class_name(self.union)}."), "int", False,
                        tuple(values))


def _enum(enum: ir.Enum) -> EnumView:
    return EnumView(naming.class_name(enum), naming.qualified(enum),
                    _doc(enum.doc, enum.deprecated), spell.scalar(enum.base), False,
                    tuple(ValueView(item.name, str(item.value)) for item in enum.values))


def _flags(flags: ir.Flags) -> EnumView:
    return EnumView(naming.class_name(flags), naming.qualified(flags),
                    _doc(flags.doc, flags.deprecated), spell.scalar(flags.base), True,
                    tuple(ValueView(bit.name, f"0x{bit.mask:x}") for bit in flags.bits))


def _machine(machine: ir.StateMachine) -> EnumView:
    name = naming.machine(machine)
    return EnumView(name, name, _doc("Protocol states."), "int", False,
                    tuple(ValueView(state.upper(), str(index))
                          for index, state in enumerate(machine.states)))


def _const(name: str, value: int) -> ConstView:
    fits = -(1 << 31) <= value < 1 << 31
    return ConstView("int" if fits else "long" if value < 1 << 63 else "ulong", name, str(value))


def _consts(protocol: ir.Protocol) -> tuple[ConstView, ...]:
    return (ConstView("string", "NAME", f'"{protocol.name}"'),
            _const("VERSION", protocol.version),
            ConstView("ulong", "COMPAT_HASH", f"0x{protocol.compat_hash:016x}UL"),
            ConstView("ulong", "SCHEMA_HASH", f"0x{protocol.schema_hash:016x}UL"),
            _const("FRAME_MAX", protocol.frame_max),
            *(_const(const.name, const.value) for const in protocol.consts))


def _composite(item: ir.Struct | ir.Union) -> BodyView:
    return _Union(item).body() if isinstance(item, ir.Union) else _struct(item)


def lower(protocol: ir.Protocol) -> ModuleView:
    """The whole file."""
    return ModuleView(
        source=protocol.source, doc=" ".join(protocol.doc.split()),
        namespace=naming.namespace(protocol.name), constants=naming.constants(protocol.name),
        consts=_consts(protocol),
        hashes=tuple(ValueView(str(item.version), f"0x{item.hash:016x}UL")
                     for item in reversed(protocol.hashes)),
        packets=tuple(ValueView(f"0x{packet.id:04x}", f'"{packet.name}"')
                      for packet in protocol.packets),
        enums=(*(_enum(enum) for enum in protocol.enums),
               *(_flags(flags) for flags in protocol.flags),
               *(_machine(machine) for machine in protocol.machines),
               *(_Union(union).enum() for union in protocol.unions)),
        checked=tuple(_enum(enum) for enum in protocol.enums
                      if enum.unknown is ir.Unknown.REJECT),
        bodies=(*(_composite(item) for item in protocol.composites),
                *(_packet(packet) for packet in protocol.packets)))


def lower_role(role: ir.Role) -> dispatchers.RoleView | None:
    """The dispatchers of a role; None if it handles nothing."""
    return dispatchers.lower(role, naming.table, lambda packet: (
        naming.handler(packet), naming.qualified(packet), naming.kept(packet)))
