"""What the C templates may see: strings, booleans and lists of these. Nothing is computed there."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Define:
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Enumerator:
    name: str
    value: str
    text: str  # as it stands in the log
    comma: str


@dataclass(frozen=True, slots=True)
class EnumView:
    """`known`: the C condition that a raw `value` of `raw_type` is one of the enum's."""

    tag: str
    name_function: str
    doc: str
    values: tuple[Enumerator, ...]
    raw_type: str
    valid_function: str
    known: str
    all_known: bool


@dataclass(frozen=True, slots=True)
class PacketIds:
    tag: str
    doc: str
    id_macro: str
    name: str
    defines: tuple[Define, ...]


@dataclass(frozen=True, slots=True)
class IdsView:
    source: str
    doc: str
    protocol: str
    own_header: str
    defines: tuple[Define, ...]
    consts: tuple[Define, ...]
    has_consts: bool
    enums: tuple[EnumView, ...]
    machines: tuple[EnumView, ...]
    packets: tuple[PacketIds, ...]
    has_packets: bool
    packet_name_function: str


@dataclass(frozen=True, slots=True)
class Member:
    """One line of a struct, and the comment before it."""

    text: str
    doc: str


@dataclass(frozen=True, slots=True)
class StructView:
    tag: str
    doc: str
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class TypesView:
    source: str
    protocol: str
    includes: tuple[str, ...]
    structs: tuple[StructView, ...]


@dataclass(frozen=True, slots=True)
class Value:
    """One value of fixed size: where it lies on the wire and in the struct. One `is_` is set."""

    target: str  # packet->position
    at: str  # at + 4
    getter: str  # pc_wire_get_u32
    putter: str
    wire_type: str  # what the putter takes, if a cast is needed
    c_type: str
    check: str  # the function that says whether the wire value is legal
    is_plain: bool = False
    is_bool: bool = False
    is_float: bool = False
    is_enum: bool = False
    is_struct: bool = False
    is_prefix: bool = False
    is_byte_block: bool = False  # u8[N]; count says how many
    is_loop: bool = False  # count times element
    count: str = ""
    elements: tuple[Value, ...] = ()  # of a loop: the one value of its body


@dataclass(frozen=True, slots=True)
class Step:
    """One part of a body. One `is_` is set.

    run             values of fixed size behind one another: checked once, `size` bytes
    text            bytes that the prefix in the run before announced, copied
    bytes           the same, borrowed
    counted         elements of fixed size that a prefix announced
    counted_bytes   the same, where the elements are u8
    nested          a struct of variable size
    nested_array    `count` structs of variable size
    nested_counted  the same, where a prefix announced how many
    """

    is_run: bool = False
    is_text: bool = False
    is_bytes: bool = False
    is_counted: bool = False
    is_counted_bytes: bool = False
    is_nested: bool = False
    is_nested_array: bool = False
    is_nested_counted: bool = False
    size: str = ""
    values: tuple[Value, ...] = ()
    target: str = ""
    count: str = ""
    bound: str = ""
    element_size: str = ""
    stem: str = ""  # of the nested struct's functions
    reader: str = ""  # the reader's address, as the function has it
    size_sum: str = ""  # what the size is added to
    size_place: str = ""  # its address


@dataclass(frozen=True, slots=True)
class BodyView:
    """A struct or packet with its codec."""

    tag: str
    doc: str
    variable: str  # packet or value
    is_empty: bool
    is_fixed: bool
    is_fixed_with_fields: bool
    is_variable: bool
    size_min: str
    size_min_number: str
    size_max: str
    values: tuple[Value, ...]  # of a fixed body
    steps: tuple[Step, ...]  # of a variable body
    size_steps: tuple[Step, ...]  # those that add to the size
    decode_needs_at: bool
    decode_needs_error: bool
    id_macro: str = ""
    min_macro: str = ""
    max_macro: str = ""


@dataclass(frozen=True, slots=True)
class Assertion:
    condition: str
    message: str


@dataclass(frozen=True, slots=True)
class CodecView:
    source: str
    protocol: str
    own_header: str
    includes: tuple[str, ...]
    enums: tuple[EnumView, ...]
    fixed_structs: tuple[BodyView, ...]
    variable_structs: tuple[BodyView, ...]
    packets: tuple[BodyView, ...]
    assertions: tuple[Assertion, ...]


@dataclass(frozen=True, slots=True)
class HandlerView:
    """A packet that a role handles. `receiver`: the struct that the handler gets."""

    tag: str
    function: str
    thunk: str
    receiver: str
    parameter: str
    receiver_macro: str


@dataclass(frozen=True, slots=True)
class EntryView:
    tag: str
    handle: str
    states: str
    rate: str
    id_macro: str
    min_macro: str
    max_macro: str


@dataclass(frozen=True, slots=True)
class TableView:
    name: str
    stem: str  # of the parts' names
    doc: str
    receiver: str
    sender: str
    entries: tuple[EntryView, ...]
    index_lines: tuple[str, ...]
    has_rates: bool
    rates: tuple[str, ...]
    rates_name: str
    rate_count: str
    states: tuple[str, ...]
    entry_count: str
    index_count: str
    state_count: str
    id_first: str
    frame_max: str


@dataclass(frozen=True, slots=True)
class SenderView:
    tag: str
    function: str
    max_macro: str
    peer: str
    parameter: str
    send_frame: str
    direct: bool
    wrapped: bool


@dataclass(frozen=True, slots=True)
class Outlet:
    """What the application defines to get frames to a peer behind a relay."""

    peer: str
    parameter: str
    function: str


@dataclass(frozen=True, slots=True)
class RoleView:
    role: str
    upper: str
    dispatch_header: str
    dispatch_includes: tuple[str, ...]
    source_includes: tuple[str, ...]
    send_includes: tuple[str, ...]
    receivers: tuple[str, ...]  # structs that are only declared
    handlers: tuple[HandlerView, ...]
    tables: tuple[TableView, ...]
    senders: tuple[SenderView, ...]
    outlets: tuple[Outlet, ...]
