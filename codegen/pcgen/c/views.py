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
class FlagsView:
    """The bits of flags, and all of them together."""

    doc: str
    bits: tuple[Define, ...]


@dataclass(frozen=True, slots=True)
class HashView:
    """The compatibility hash from a version on."""

    condition: str  # that `version` is not before
    hash: str


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
    flags: tuple[FlagsView, ...]
    packets: tuple[PacketIds, ...]
    has_packets: bool
    hashes: tuple[HashView, ...]
    packet_name_function: str
    compat_hash_function: str
    version_macro: str


@dataclass(frozen=True, slots=True)
class Member:
    """One line of a struct, and the comment before it."""

    text: str
    doc: str


@dataclass(frozen=True, slots=True)
class StructView:
    """Also a union: then `cases` stand in a C union behind the members."""

    tag: str
    doc: str
    members: tuple[Member, ...]
    has_cases: bool = False
    cases: tuple[Member, ...] = ()


@dataclass(frozen=True, slots=True)
class TypesView:
    source: str
    protocol: str
    includes: tuple[str, ...]
    structs: tuple[StructView, ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A condition under which the bytes are refused, and why."""

    condition: str
    error: str  # PC_WIRE_RANGE


@dataclass(frozen=True, slots=True)
class Value:
    """One value, or array of values, of fixed size: how it is refused, read and written."""

    refusals: tuple[Refusal, ...] = ()
    load: str = ""  # a statement
    call: str = ""  # instead of it: a call that reads and may refuse
    store: str = ""  # a statement
    finite: str = ""  # f32, f64: a float that may be anything but infinite; it lies at `at`
    at: str = ""
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
    counted_bulk    the same, where they are copied as they lie
    counted_bytes   the same, where they are single bytes
    nested          a struct or union of variable size
    nested_array    `count` of them
    nested_counted  the same, where a prefix announced how many
    optional        `steps`, if the `condition` is true
    boundary        of a decoder: older bytes may end here
    extra           of a struct's size: `least` more bytes
    """

    is_run: bool = False
    is_text: bool = False
    is_bytes: bool = False
    is_counted: bool = False
    is_counted_bulk: bool = False
    is_counted_bytes: bool = False
    is_nested: bool = False
    is_nested_array: bool = False
    is_nested_counted: bool = False
    is_optional: bool = False
    is_group: bool = False  # and optional: whether it is there is a matter of the version
    is_boundary: bool = False
    is_extra: bool = False
    size: str = ""
    values: tuple[Value, ...] = ()
    target: str = ""
    count: str = ""
    bound: str = ""
    refusal: str = ""  # the condition that a size or count breaks its bounds
    take: str = ""  # text, ascii, printable, bytes: pc_wire_take_<take>
    extra: str = ""  # what of the size the least size has already
    element_size: str = ""
    stem: str = ""  # of the nested part's functions
    condition: str = ""
    least: str = ""
    steps: tuple[Step, ...] = ()
    size_steps: tuple[Step, ...] = ()
    resets: tuple[str, ...] = ()  # statements for what is absent
    ending: str = ""  # of a boundary: the statement that ends the function
    reader: str = ""  # the reader's address, as the function has it
    room: str = ""  # bytes that the encoder certainly writes behind it
    behind: str = ""  # those of the same body
    size_sum: str = ""  # what the size is added to
    size_place: str = ""  # its address


@dataclass(frozen=True, slots=True)
class GroupView:
    """The fields of a later version, as an older peer's bytes leave them."""

    function: str
    lines: tuple[str, ...]
    next_call: str  # what the groups behind it take; empty for the last


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
    is_extensible: bool
    size_min: str
    size_min_number: str
    size_max: str
    values: tuple[Value, ...]  # of a fixed body
    steps: tuple[Step, ...]  # of a variable body, as it is decoded
    encode_steps: tuple[Step, ...]
    size_steps: tuple[Step, ...]  # those that add to the size
    groups: tuple[GroupView, ...]  # the newest first
    decode_needs_at: bool
    decode_needs_error: bool
    ending: str = ""  # the decoder's last statement
    id_macro: str = ""
    min_macro: str = ""
    max_macro: str = ""
    version_macro: str = ""  # the newest
    grows: bool = False  # a packet that versions know differently: then there are functions _at
    same: bool = True
    is_latest: bool = False
    is_event: bool = True  # not latest: every frame matters
    latest_field: str = ""
    latest_key: str = ""  # names what a frame of which only the latest matters is about
    declares_error: bool = False
    has_no_steps: bool = False
    ignores_room: bool = False  # nothing in it asks what follows
    size_ignores_value: bool = False  # there is nothing in it that the size depends on
    trusts_size: bool = True
    checks_limit: bool = False  # a peer's unknown bytes are sent on: the frame may be too long


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case of a union with its codec."""

    enumerator: str
    steps: tuple[Step, ...]
    size_steps: tuple[Step, ...]
    extra: str  # bytes beyond the union's least
    has_extra: bool


@dataclass(frozen=True, slots=True)
class UnionView:
    tag: str
    tag_enum: str
    getter: str  # of the raw tag
    putter: str
    raw_type: str
    tag_size: str
    size_min_number: str
    cases: tuple[CaseView, ...]
    is_open: bool
    is_closed: bool
    unknown: str  # the enumerator of what an open union does not know
    ignores_room: bool
    decode_needs_at: bool
    decode_needs_error: bool


@dataclass(frozen=True, slots=True)
class PartView:
    """A struct or a union of variable size, in the order of their declaration. One `is_` is set."""

    tag: str
    size_min_number: str
    is_struct: bool
    is_union: bool
    structs: tuple[BodyView, ...]  # the one, if it is a struct
    unions: tuple[UnionView, ...]


@dataclass(frozen=True, slots=True)
class FlagsCheck:
    tag: str
    raw_type: str
    mask: str
    has_unknown: bool
    all_known: bool


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
    flags: tuple[FlagsCheck, ...]
    fixed_structs: tuple[BodyView, ...]
    parts: tuple[PartView, ...]
    packets: tuple[BodyView, ...]
    assertions: tuple[Assertion, ...]


@dataclass(frozen=True, slots=True)
class HandlerView:
    """A packet that a role handles. `receiver`: the struct that the handler gets. `handles`: the
    statement that hands the packet on. `is_registered`: the application has the handler."""

    tag: str
    function: str
    handles: str
    is_registered: bool
    thunk: str
    receiver: str
    parameter: str
    receiver_macro: str


@dataclass(frozen=True, slots=True)
class VersionView:
    """The bounds of a packet's frames from a version on, as its sender makes them."""

    id_macro: str
    version: str
    min_macro: str
    max_macro: str


@dataclass(frozen=True, slots=True)
class EntryView:
    tag: str
    handle: str
    states: str
    rate: str
    latest: str
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
    has_versions: bool
    versions: tuple[VersionView, ...]
    versions_name: str
    version_count: str
    index_lines: tuple[str, ...]
    has_rates: bool
    rates: tuple[str, ...]
    rates_name: str
    rate_count: str
    has_keys: bool
    keys: tuple[str, ...]
    keys_name: str
    key_count: str
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
    grows_direct: bool  # it is also sent at an older version
    grows_wrapped: bool


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
