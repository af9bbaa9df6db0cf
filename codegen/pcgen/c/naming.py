"""The only place that spells a C identifier. Each is the YAML name behind its protocol's name."""

from __future__ import annotations

from pcgen import ir

Named = ir.Struct | ir.Union | ir.Packet | ir.Enum | ir.Flags


def tag(item: Named) -> str:
    """`client_echo_request`: the tag of a struct or enum and the stem of its functions."""
    return f"{item.protocol}_{item.name}"


def struct(item: ir.Struct | ir.Union | ir.Packet) -> str:
    return f"struct {tag(item)}"


def enum(item: ir.Enum) -> str:
    return f"enum {tag(item)}"


def enumerator(item: ir.Enum, value: ir.EnumValue) -> str:
    """`COMMON_RESULT_OK`."""
    return f"{tag(item).upper()}_{value.name}"


def flag(item: ir.Flags, bit: ir.FlagBit) -> str:
    """`DEMO_MOVE_FLAG_RUN`."""
    return f"{tag(item).upper()}_{bit.name}"


def union_tag(item: ir.Union) -> str:
    """`demo_target_tag`: the enum of a union's tags."""
    return f"{tag(item)}_tag"


def case(item: ir.Union, case_: ir.Case) -> str:
    """`DEMO_TARGET_GROUND`."""
    return f"{tag(item)}_{case_.name}".upper()


def unknown_case(item: ir.Union) -> str:
    """`DEMO_EFFECT_UNKNOWN`: what an open union does not know."""
    return f"{tag(item).upper()}_UNKNOWN"


def machine_tag(machine: ir.StateMachine) -> str:
    """`client_session_state`; the names of state machines are global."""
    return f"{machine.name}_state"


def state(machine: ir.StateMachine, name: str) -> str:
    """`CLIENT_SESSION_LOBBY`."""
    return f"{machine.name}_{name}".upper()


def const(item: ir.Const) -> str:
    """`CLIENT_ECHO_TEXT_MAX`."""
    return f"{item.protocol.upper()}_{item.name}"


def packet_macro(packet: ir.Packet, suffix: str) -> str:
    """`CLIENT_ECHO_REQUEST_ID`, `..._FRAME_MIN`, `..._FRAME_MAX`."""
    return f"{tag(packet).upper()}_{suffix}"


def version_macro(packet: ir.Packet, group: ir.Group, suffix: str) -> str:
    """`CLIENT_CHAT_V2_FRAME_MAX`: of a packet that grew, from that version on."""
    return packet_macro(packet, f"V{packet.brought(group)}_{suffix}")


def protocol_macro(protocol: str, suffix: str) -> str:
    """`CLIENT_VERSION`."""
    return f"{protocol.upper()}_{suffix}"


def header(protocol: str, part: str) -> str:
    """`proto/client_ids.h`."""
    return f"proto/{protocol}_{part}.h"


def handler(role: str, packet: ir.Packet) -> str:
    """`gate_handle_client_echo_request`."""
    return f"{role}_handle_{tag(packet)}"


def sender(role: str, packet: ir.Packet) -> str:
    """`gate_send_client_echo_reply`."""
    return f"{role}_send_{tag(packet)}"


def call(role: str, request: ir.Packet) -> str:
    """`gate_call_db_authenticate`."""
    return f"{role}_call_{tag(request)}"


def call_done(role: str, request: ir.Packet) -> str:
    """`gate_call_db_authenticate_fn`: who hears the answer."""
    return f"{call(role, request)}_fn"


def answer(role: str, request: ir.Packet) -> str:
    """`db_answer_db_authenticate`."""
    return f"{role}_answer_{tag(request)}"


def table(item: ir.AcceptTable) -> str:
    """`gate_accepts_client`, `gate_relays_game_client`."""
    if item.kind is ir.TableKind.RELAYED:
        return f"{item.owner}_relays_{item.sender}_{item.receiver}"
    return f"{item.owner}_accepts_{item.sender}"


def peer(role: str, other: str) -> str:
    """`game_client`: what a role keeps of a peer that it reaches by way of a relay."""
    return f"{role}_{other}"


def receiver_macro(role: str, packet: ir.Packet) -> str:
    """`GATE_RECEIVER_client_echo_request`."""
    return f"{role.upper()}_RECEIVER_{tag(packet)}"


SCALAR_TYPES = {
    **{f"u{bits}": f"uint{bits}_t" for bits in (8, 16, 32, 64)},
    **{f"i{bits}": f"int{bits}_t" for bits in (8, 16, 32, 64)},
    "f32": "float",
    "f64": "double",
    "bool": "bool",
}
