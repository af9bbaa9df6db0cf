"""The only place that spells a C# identifier."""

from __future__ import annotations

from pcgen import ir

# What a class has besides its fields; what all objects have; what unions have.
_OWN = frozenset({"PacketId", "FrameMin", "FrameMax", "Encode", "Decode", "Write", "Read",
                  "ReadFields", "SetDefaults"})
_INHERITED = frozenset({"Equals", "Finalize", "GetHashCode", "GetType", "MemberwiseClone",
                        "ReferenceEquals", "ToString"})
_OF_UNIONS = frozenset({"Tag", "Unknown", "UnknownTag"})


def type_name(name: str) -> str:
    """`echo_request` -> `EchoRequest`."""
    return "".join(part.capitalize() for part in name.split("_"))


def class_name(item: ir.Named | ir.Packet) -> str:
    """Its type's name; with two underscores behind it, for its members may have one, where the
    class has that name for something else."""
    spelled = type_name(item.name)
    taken = _OWN | _OF_UNIONS if isinstance(item, ir.Union) else _OWN
    return f"{spelled}__" if spelled in taken else spelled


def member(name: str, owner: str) -> str:
    """A field of the class that `owner` becomes: `first_row` -> `FirstRow`; with an underscore
    behind it if the class has that name for something else."""
    spelled = type_name(name)
    taken = _OWN | _INHERITED | {type_name(owner)}
    return f"{spelled}_" if spelled in taken else spelled


def presence(name: str, owner: str) -> str:
    """`HasFirstRow`; as `member`."""
    spelled = f"Has{type_name(name)}"
    return f"{spelled}_" if spelled == type_name(owner) else spelled


def namespace(protocol: str) -> str:
    """`Portcullis.Client`."""
    return f"Portcullis.{type_name(protocol)}"


def constants(protocol: str) -> str:
    """`ClientProtocol`."""
    return type_name(f"{protocol}_protocol")


def machine(item: ir.StateMachine) -> str:
    """`ClientSessionState`."""
    return type_name(f"{item.name}_state")


def tag_enum(union: ir.Union) -> str:
    """`TargetTag`."""
    return type_name(f"{union.name}_tag")


def qualified(item: ir.Named | ir.Packet) -> str:
    """The type, whatever else has its name where it is used."""
    return f"global::{namespace(item.protocol)}.{class_name(item)}"


def qualified_tag(union: ir.Union) -> str:
    """The enum of a union's tags, likewise."""
    return f"global::{namespace(union.protocol)}.{tag_enum(union)}"


def known(enum: ir.Enum) -> str:
    """The function that says whether a value is listed."""
    return f"global::{namespace(enum.protocol)}._Known.{class_name(enum)}"


def table(item: ir.AcceptTable) -> str:
    """`ClientFromGate`."""
    return type_name(f"{item.owner}_from_{item.sender}")


def handler(packet: ir.Packet) -> str:
    """`OnClientEchoReply`."""
    return type_name(f"on_{packet.protocol}_{packet.name}")


def kept(packet: ir.Packet) -> str:
    """The field that keeps a dispatcher's packet: `clientEchoReply`."""
    return packet.protocol.split("_")[0] + type_name(
        "_".join((*packet.protocol.split("_")[1:], packet.name)))
