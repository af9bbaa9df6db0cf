"""[D] Protocol -> the view of its Python module."""

from __future__ import annotations

from dataclasses import replace

from pcgen import dispatchers, ir
from pcgen.passes.values import is_byte
from pcgen.python import naming
from pcgen.python.views import (
    CaseView,
    ClassView,
    ConstView,
    EnumView,
    FieldView,
    ModuleView,
    PartView,
    UnionView,
)


class _Fields:
    """Spells how a field is written and read with pcwire's Writer and Reader."""

    def __init__(self, module: str) -> None:
        self.module = module

    def one(self, type_: ir.Type, value: str) -> tuple[str, str, str]:
        """Annotation, write, read of one value."""
        match type_:
            case ir.Scalar():
                kind = {ir.ScalarKind.FLOAT: "float", ir.ScalarKind.BOOL: "bool"}
                annotation = kind.get(type_.kind, "int")
                if type_.range is None:
                    return annotation, f"writer.{type_.name}({value})", f"reader.{type_.name}()"
                ends = f"{type_.range.low.value!r}, {type_.range.high.value!r}"
                sent = f"pcwire.single({value})" if type_.name == "f32" else value
                return (annotation, f"writer.ranged({sent}, {ends}, writer.{type_.name})",
                        f"reader.ranged({ends}, reader.{type_.name})")
            case ir.Enum(unknown=ir.Unknown.KEEP):
                base = type_.base.name
                name = naming.qualified(type_, self.module)
                return (f"{name} | int", f"writer.{base}({value})",
                        f"pcwire.kept({name}, reader.{base}())")
            case ir.Flags():
                base, mask = type_.base.name, _mask(type_)
                return ("int", f"writer.flags({value}, 0x{mask:x}, writer.{base})",
                        f"reader.flags(0x{mask:x}, reader.{base})")
            case ir.Quant():
                base, width = type_.base.name, 8 if type_.is_double else 4
                return ("float",
                        f"writer.quant({value}, {type_.least!r}, {type_.inverse!r}, "
                        f"{type_.steps}, writer.{base})",
                        f"reader.quant({type_.least!r}, {type_.scale!r}, {type_.steps}, {width}, "
                        f"reader.{base})")
            case ir.Enum():
                name = naming.qualified(type_, self.module)
                return (name, f"writer.enum({value}, {name}, writer.{type_.base.name})",
                        f"reader.enum({name}, reader.{type_.base.name})")
            case ir.Struct() | ir.Union():
                name = naming.qualified(type_, self.module)
                return name, f"{value}._write(writer)", f"{name}._read(reader)"
            case _:
                return self.block(type_, value)

    def block(self, type_: ir.Type, value: str) -> tuple[str, str, str]:
        """The same of what is no single number."""
        match type_:
            case ir.Text():
                shape = f"{type_.bound.value}, {type_.bound.prefix.width}{_least(type_)}"
                return "str", f"writer.text({value}, {shape})", f"reader.text({shape})"
            case ir.Bytes():
                shape = f"{type_.bound.value}, {type_.bound.prefix.width}{_least(type_)}"
                return "bytes", f"writer.blob({value}, {shape})", f"reader.blob({shape})"
            case ir.Array():
                return self.array(type_, value)
            case ir.Optional():
                annotation, write, read = self.one(type_.inner, "some")
                return (f"{annotation} | None",
                        f"writer.optional({value}, lambda some: {write})",
                        f"reader.optional(lambda: {read})")
            case _:
                raise AssertionError(type_)

    def array(self, array: ir.Array, value: str) -> tuple[str, str, str]:
        """An array of u8 is bytes in Python, any other a list."""
        prefix = array.bound.prefix.width if array.counted else 0
        shape = f"{array.bound.value}, {prefix}"
        if is_byte(array.element):
            return "bytes", f"writer.blob({value}, {shape})", f"reader.blob({shape})"
        annotation, write, read = self.one(array.element, "item")
        return (f"list[{annotation}]",
                f"writer.items({value}, {shape}, lambda item: {write})",
                f"reader.items({shape}, lambda: {read})")

    def view(self, field: ir.Field) -> FieldView:
        spelled = self.one(field.type, f"self.{field.name}")
        has_default = field.since > 1  # older peers do not send it
        options = []
        if has_default:
            value = self.literal(field.type, field.default)
            options.append(f"default_factory=lambda: {value}")
        if field.secret:
            options.append("repr=False")
        return FieldView(field.name, *spelled, since=str(field.since), has_default=has_default,
                         comments=_comments(field.doc, field.deprecated),
                         options=f" = _field({', '.join(options)})" if options else "")

    def literal(self, type_: ir.Type, value: ir.Value) -> str:
        """An expression of a default."""
        if value is None:
            return "None"
        match type_:
            case ir.Optional():
                return self.literal(type_.inner, value)
            case ir.Enum() if any(item.value == value for item in type_.values):
                return f"{naming.qualified(type_, self.module)}({value!r})"
            case ir.Text():
                assert isinstance(value, bytes)
                return ascii(value.decode())
            case ir.Array():
                if isinstance(value, bytes):
                    return repr(value)
                assert isinstance(value, tuple)
                return f"[{', '.join(self.literal(type_.element, item) for item in value)}]"
            case ir.Struct():
                assert isinstance(value, tuple)
                inside = [self.literal(field.type, item)
                          for field, item in zip(type_.fields, value, strict=True)]
                return f"{naming.qualified(type_, self.module)}({', '.join(inside)})"
            case ir.Union():
                assert isinstance(value, ir.Chosen)
                case = type_.case(value.tag)
                inner = self.literal(case.type, value.value) if case and case.type else "None"
                return f"{naming.qualified(type_, self.module)}({value.tag}, {inner})"
            case _:
                return repr(value)
        raise AssertionError(type_)


def _mask(flags: ir.Flags) -> int:
    """The bits that are legal."""
    return flags.mask if flags.unknown is ir.Unknown.REJECT else flags.base.max


def _least(type_: ir.Text | ir.Bytes) -> str:
    """The arguments behind bound and prefix, where they are not as usual."""
    if isinstance(type_, ir.Text) and type_.charset is not ir.Charset.UTF8:
        return f', {type_.min}, "{type_.charset.value}"'
    return f", {type_.min}" if type_.min else ""


def _union(union: ir.Union) -> UnionView:
    spell = _Fields(union.protocol)
    cases: list[CaseView] = []
    for case in union.cases:
        kind, write, read = "None", "pass", "None"
        if case.type:
            kind = spell.one(case.type, "")[0]
            _, write, read = spell.one(case.type, f'_cast("{kind}", self.value)')
        cases.append(CaseView(
            case.name.upper(), case.name, f", value: {kind}" if case.type else "",
            "value" if case.type else "None", case.type is not None,
            _comments(case.doc, case.deprecated), str(case.tag), kind, write, read))
    kinds = dict.fromkeys(case.annotation for case in cases if case.annotation != "None")
    unknown = ["bytes"] if union.open and "bytes" not in kinds else []
    return UnionView(naming.class_name(union.name), _doc(union.doc, union.deprecated),
                     union.tag.name, union.open, not union.open,
                     " | ".join([*kinds, *unknown, "None"]), tuple(cases))


def _composite(item: ir.Struct | ir.Union) -> PartView:
    if isinstance(item, ir.Union):
        return PartView((), (_union(item),))
    return PartView((_class(item),), ())


def _class(item: ir.Struct | ir.Packet) -> ClassView:
    fields = tuple(_Fields(item.protocol).view(field) for field in item.fields)
    id_ = f"0x{item.id:04x}" if isinstance(item, ir.Packet) else ""
    firsts = {group.fields[0].name for group in item.groups[1:]}
    fields = tuple(replace(field, starts_group=field.name in firsts) for field in fields)
    return ClassView(
        naming.class_name(item.name), _doc(item.doc, item.deprecated), id_, fields, bool(fields),
        extensible=isinstance(item, ir.Struct) and item.extensible, grows=bool(firsts),
        is_plain=not firsts, ends=isinstance(item, ir.Packet) and not item.skips_tail,
        members=tuple(sorted(fields, key=lambda field: field.has_default)))


def _said(doc: str, deprecated: str | None) -> str:
    """What the author says of something, and that it should not be used any more."""
    if deprecated is None:
        return doc
    return f"{doc} Deprecated{f': {deprecated}' if deprecated else '.'}".lstrip()


def _doc(text: str, deprecated: str | None = None) -> str:
    """Safe inside a triple-quoted string."""
    return _said(text, deprecated).replace("\\", "\\\\").replace('"', "'")


def _comments(doc: str, deprecated: str | None) -> tuple[str, ...]:
    said = " ".join(_said(doc, deprecated).splitlines())
    return (f"# {said}",) if said else ()


def _used(type_: ir.Type) -> set[str]:
    match type_:
        case ir.Array():
            return _used(type_.element)
        case ir.Optional():
            return _used(type_.inner)
        case ir.Enum() | ir.Struct() | ir.Union():
            return {type_.protocol}
        case _:
            return set()


def _imports(protocol: ir.Protocol) -> tuple[str, ...]:
    found: set[str] = set()
    bodies: tuple[ir.Struct | ir.Packet, ...] = (*protocol.structs, *protocol.packets)
    for body in bodies:
        for field in body.fields:
            found |= _used(field.type)
    for union in protocol.unions:
        for case in union.cases:
            found |= _used(case.type) if case.type else set()
    return tuple(sorted(found - {protocol.name}))


def _flags(flags: ir.Flags) -> EnumView:
    return EnumView(naming.class_name(flags.name), _doc(flags.doc, flags.deprecated),
                    tuple(ConstView(bit.name, f"0x{bit.mask:x}", _comments(bit.doc, bit.deprecated))
                          for bit in flags.bits))


def _enum(enum: ir.Enum) -> EnumView:
    return EnumView(naming.class_name(enum.name), _doc(enum.doc, enum.deprecated),
                    tuple(ConstView(value.name, str(value.value),
                                    _comments(value.doc, value.deprecated))
                          for value in enum.values))


def lower(protocol: ir.Protocol) -> ModuleView:
    """The whole module."""
    enums = [_enum(enum) for enum in protocol.enums]
    machines = [EnumView(naming.machine(machine), "Protocol states.",
                         tuple(ConstView(state.upper(), str(index))
                               for index, state in enumerate(machine.states)))
                for machine in protocol.machines]
    packets = tuple(_class(packet) for packet in protocol.packets)
    return ModuleView(
        source=protocol.source, doc=_doc(protocol.doc), imports=_imports(protocol),
        consts=(ConstView("NAME", f'"{protocol.name}"'),
                ConstView("VERSION", str(protocol.version)),
                ConstView("COMPAT_HASH", f"0x{protocol.compat_hash:016x}"),
                ConstView("SCHEMA_HASH", f"0x{protocol.schema_hash:016x}"),
                ConstView("FRAME_MAX", str(protocol.frame_max)),
                *(ConstView(const.name, str(const.value)) for const in protocol.consts)),
        enums=(*enums, *machines),
        flags=tuple(_flags(flags) for flags in protocol.flags),
        parts=tuple(_composite(item) for item in protocol.composites), packets=packets,
        packet_union=", ".join(packet.name for packet in packets) or "pcwire.NoPacket")


def lower_role(role: ir.Role) -> dispatchers.RoleView | None:
    """The dispatchers of a role; None if it handles nothing."""
    return dispatchers.lower(role, naming.table, lambda packet: (
        naming.handler(packet), f"_{packet.protocol}.{naming.class_name(packet.name)}"))
