"""[D] Protocol -> the view of its Python module."""

from __future__ import annotations

from pcgen import ir
from pcgen.python import naming
from pcgen.python.views import ClassView, ConstView, EnumView, FieldView, ModuleView


class _Fields:
    """Spells how a field is written and read with pcwire's Writer and Reader."""

    def __init__(self, module: str) -> None:
        self.module = module

    def one(self, type_: ir.Type, value: str) -> tuple[str, str, str]:
        """Annotation, write, read of one value."""
        match type_:
            case ir.Scalar():
                kind = {ir.ScalarKind.FLOAT: "float", ir.ScalarKind.BOOL: "bool"}
                return (kind.get(type_.kind, "int"), f"writer.{type_.name}({value})",
                        f"reader.{type_.name}()")
            case ir.Enum():
                name = naming.qualified(type_, self.module)
                return (name, f"writer.enum({value}, {name}, writer.{type_.base.name})",
                        f"reader.enum({name}, reader.{type_.base.name})")
            case ir.Struct():
                name = naming.qualified(type_, self.module)
                return name, f"{value}._write(writer)", f"{name}._read(reader)"
            case _:
                raise NotImplementedError(type_)

    def array(self, array: ir.Array, value: str) -> tuple[str, str, str]:
        """An array of u8 is bytes in Python, any other a list."""
        prefix = array.bound.prefix.width if array.counted else 0
        shape = f"{array.bound.value}, {prefix}"
        if isinstance(array.element, ir.Scalar) and array.element.name == "u8":
            return "bytes", f"writer.blob({value}, {shape})", f"reader.blob({shape})"
        annotation, write, read = self.one(array.element, "item")
        return (f"list[{annotation}]",
                f"writer.items({value}, {shape}, lambda item: {write})",
                f"reader.items({shape}, lambda: {read})")

    def view(self, field: ir.Field) -> FieldView:
        value = f"self.{field.name}"
        match field.type:
            case ir.Text():
                shape = f"{field.type.bound.value}, {field.type.bound.prefix.width}"
                spelled = ("str", f"writer.text({value}, {shape})", f"reader.text({shape})")
            case ir.Bytes():
                shape = f"{field.type.bound.value}, {field.type.bound.prefix.width}"
                spelled = ("bytes", f"writer.blob({value}, {shape})", f"reader.blob({shape})")
            case ir.Array():
                spelled = self.array(field.type, value)
            case _:
                spelled = self.one(field.type, value)
        return FieldView(field.name, *spelled)


def _class(item: ir.Struct | ir.Packet) -> ClassView:
    fields = tuple(_Fields(item.protocol).view(field) for field in item.fields)
    id_ = f"0x{item.id:04x}" if isinstance(item, ir.Packet) else ""
    return ClassView(naming.class_name(item.name), _doc(item.doc), id_, fields, bool(fields))


def _doc(text: str) -> str:
    """Safe inside a triple-quoted string."""
    return text.replace("\\", "\\\\").replace('"', "'")


def _imports(protocol: ir.Protocol) -> tuple[str, ...]:
    found: set[str] = set()
    bodies: tuple[ir.Struct | ir.Packet, ...] = (*protocol.structs, *protocol.packets)
    for body in bodies:
        for field in body.fields:
            type_ = field.type.element if isinstance(field.type, ir.Array) else field.type
            if isinstance(type_, ir.Enum | ir.Struct):
                found.add(type_.protocol)
    return tuple(sorted(found - {protocol.name}))


def lower(protocol: ir.Protocol) -> ModuleView:
    """The whole module."""
    enums = [EnumView(naming.class_name(enum.name), _doc(enum.doc),
                      tuple(ConstView(value.name, str(value.value)) for value in enum.values))
             for enum in protocol.enums]
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
                ConstView("FRAME_MAX", str(protocol.frame_max)),
                *(ConstView(const.name, str(const.value)) for const in protocol.consts)),
        enums=(*enums, *machines),
        structs=tuple(_class(struct) for struct in protocol.structs), packets=packets,
        packet_union=", ".join(packet.name for packet in packets) or "pcwire.NoPacket")
