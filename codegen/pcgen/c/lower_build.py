"""[D] Protocol -> the view of its builders: every field is an argument, so that one more field is a
compile error wherever a packet is made, on purpose."""

from __future__ import annotations

from dataclasses import dataclass

from pcgen import ir
from pcgen.c import naming, values
from pcgen.c.lower_types import part_includes
from pcgen.c.values import bound, value_type


@dataclass(frozen=True, slots=True)
class BuildItem:
    """Statements, a condition that ends the builder, or items that an optional has."""

    lines: tuple[str, ...] = ()
    refusal: str = ""
    is_choice: bool = False
    condition: str = ""
    items: tuple[BuildItem, ...] = ()
    otherwise: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BuilderView:
    tag: str
    parameters: str
    needs_fits: bool
    items: tuple[BuildItem, ...]


@dataclass(frozen=True, slots=True)
class BuildView:
    source: str
    includes: tuple[str, ...]
    builders: tuple[BuilderView, ...]


Body = ir.Struct | ir.Packet

# A parameter of such a name would hide what the builder needs. Its own names end in an underscore,
# which no name of a field does.
_HIDDEN = frozenset({"memset", "pc_wire_set_text", *naming.SCALAR_TYPES.values()})


def _parameter(name: str) -> str:
    return f"{name}_" if name in _HIDDEN else name


class _Builder:
    """The parameters and statements of one builder."""

    def __init__(self) -> None:
        self.parameters: list[str] = []
        self.items: list[BuildItem] = []
        self.needs_fits = False

    def say(self, *lines: str) -> None:
        self.items.append(BuildItem(lines=lines))

    def refuse(self, condition: str) -> None:
        self.items.append(BuildItem(refusal=condition))

    def field(self, type_: ir.Type, name: str) -> None:
        target, given = f"value_->{name}", _parameter(name)
        match type_:
            case ir.Text():
                self.parameters.append(f"const char *{given}")
                self.text(target, given)
            case ir.Bytes():
                self.parameters += [f"const uint8_t *{given}", f"uint16_t {name}_size"]
                self.refuse(f"{name}_size > {bound(type_.bound)}")
                self.say(f"{target}_size = {name}_size;", f"{target} = {given};")
            case ir.Array():
                self.parameters.append(f"const {value_type(type_.element)} *{given}")
                self.array(type_, name)
            case ir.Optional():
                self.optional(type_, name)
            case ir.Struct() | ir.Union():
                self.parameters.append(f"const {value_type(type_)} *{given}")
                self.say(f"{target} = *{given};")
            case _:
                self.parameters.append(f"{value_type(type_)} {given}")
                self.say(f"{target} = {given};")

    def text(self, target: str, given: str) -> None:
        self.needs_fits = True
        self.say(f"fits_ = pc_wire_set_text({target}, sizeof {target}, &{target}_size, {given});")
        self.refuse("!fits_")

    def array(self, array: ir.Array, name: str) -> None:
        target, count = f"value_->{name}", bound(array.bound)
        if array.counted:
            self.parameters.append(f"uint16_t {name}_count")
            self.refuse(f"{name}_count > {count}")
            self.say(f"{target}_count = {name}_count;")
            count = f"{name}_count"
        self.say(f"for (uint32_t i_ = 0; i_ < {count}; i_++) {{",
                 f"    {target}[i_] = {_parameter(name)}[i_];", "}")

    def optional(self, optional: ir.Optional, name: str) -> None:
        """A pointer; NULL where the value is absent."""
        target, given, inner = f"value_->{name}", _parameter(name), _Builder()
        inner.field(optional.inner, name)
        self.needs_fits |= inner.needs_fits
        if isinstance(optional.inner, ir.Text | ir.Bytes | ir.Array | ir.Struct | ir.Union):
            self.parameters += inner.parameters
            present = inner.items
        else:
            self.parameters.append(f"const {value_type(optional.inner)} *{given}")
            present = [BuildItem(lines=(f"{target} = *{given};",))]
        self.say(f"value_->has_{name} = {given} != NULL;")
        self.items.append(BuildItem(is_choice=True, condition=f"value_->has_{name}",
                                    items=tuple(present),
                                    otherwise=tuple(values.cleared(optional.inner, target))))


def _builder(item: Body) -> BuilderView:
    builder = _Builder()
    for field in item.fields:
        builder.field(field.type, field.name)
    if not item.fields:
        builder.say("value_->unused = 0;")
    tag = naming.tag(item)
    indent = " " * len(f"static inline bool {tag}_set_all(")
    parameters = f",\n{indent}".join([f"struct {tag} *value_", *builder.parameters])
    return BuilderView(tag, parameters, builder.needs_fits, tuple(builder.items))


def lower(protocol: ir.Protocol) -> BuildView:
    """The whole header."""
    bodies: tuple[Body, ...] = (*protocol.structs, *protocol.packets)
    return BuildView(protocol.source,
                     tuple(sorted((naming.header(protocol.name, "types"),
                                   *part_includes(protocol, "types")))),
                     tuple(_builder(body) for body in bodies))
