"""What each key of the language is for, in a line: shown by editors beside the key."""

from __future__ import annotations

_DOC = "One or more lines of explanation; stands in the generated code and in the reference."
_SINCE = "The version of the protocol that brought it; left out if it was there from the start."
_DEPRECATED = "true, or the reason why it should not be used any more."
_UNKNOWN = "What a decoder does with what is not listed: reject (if left out) or keep."

_LINES = """\
protocol_file protocol   The protocol's name: the first part of every name in C.
protocol_file version    1..65535; counts what was released. Raise it when something is appended.
protocol_file import     Files whose names are used here, relative to this one.
protocol_file roles      Who may be at the end of a connection; declared in one file for all.
protocol_file outside    The roles that are no servers of ours; [client] if left out.
protocol_file limits     Bounds that hold for the whole file.
protocol_file reserved   Ids and names that were in use once and must not come back.
protocol_file states     State machines: a name, and the states from the first on.
protocol_file flows      Who sends to whom, with the ids that are theirs.
protocol_file consts     Numbers with a name; usable as bounds, also in importing files.
protocol_file enums      Numbers of which only the listed ones are legal.
protocol_file flags      Sets of named bits.
protocol_file structs    Fields one behind the other.
protocol_file unions     A tag, then the value of one of the cases.
protocol_file packets    What is sent: each with an id, a flow and fields.
limits frame_max         Most bytes of any frame, the four of the header included.
reserved ids             Ids, and ranges as 0x0110-0x0117.
reserved names           Names of packets and types.
flow flow                sender -> receiver
flow ids                 The range of ids of this flow, as 0x0100-0x017f.
flow states              The state machine of those who receive.
flow via                 The role that relays the frames without decoding them.
enum type                The integer it travels as.
enum values              NAME: number, or NAME: {value: number, ...}.
enum unknown             *unknown
enum_value value         The number on the wire.
flags type               The unsigned integer they travel as.
flags bits               NAME: bit, or NAME: {bit: number, ...}; 0 is the least significant.
flags unknown            *unknown
flag bit                 The bit, from 0, the least significant.
struct fields            name: type, or name: {type: ..., ...}, in the order of the wire.
struct extensible        true: its length is on the wire, so that it may grow; only between servers.
union tag                The integer that says which case follows.
union cases              name: tag where nothing follows, or name: {tag: number, type: ...}.
union open               true: unknown cases are kept as bytes; only between servers.
case tag                 The number on the wire.
case type                What follows the tag; nothing if left out.
field type               u8..u64, i8..i64, f32, f64, bool, quant(a, b, step), string<N>, bytes<N> \
or a declared name; [N] or [<=N] behind it for arrays, ? if it may be absent.
field range              [least, most] legal value of a number: numbers or constants.
field min                Least size in bytes of a string<N> or bytes<N>.
field charset            utf8 (if left out), ascii, or printable: no control characters.
field default            The value for peers that are older than the field; goes with since.
field secret             true: never printed. For passwords and tokens.
packet id                1..65535, in the range of each of its flows, unique over all protocols.
packet flow              sender -> receiver, or a list if several roles may say it.
packet fields            name: type, or name: {type: ..., ...}, in the order of the wire.
packet states            The states in which the receiver takes it; left out: in all.
packet rate              How often a session may send it.
packet reply             The packet that answers; between servers it makes a call.
packet latest            A field: of packets with the same value in it only the newest matters.
packet tail              skip: what a newer server appends is skipped; only between servers.
packet examples          Values with their bytes: checked, documented, and test vectors.
rate per_sec             Packets per second, in the long run.
rate burst               Packets at once; per_sec if left out.
rate over                What becomes of more: kick (if left out), drop or delay.
example value            The packet's fields, as {name: value}.
example hex              The payload at the newest version; checked.
"""

DOCS: dict[tuple[str, str], str] = {}
for _owner in ("protocol_file", "enum", "enum_value", "flags", "flag", "struct", "union", "case",
               "field", "packet", "example"):
    DOCS[_owner, "doc"] = _DOC
    DOCS[_owner, "since"] = _SINCE
    DOCS[_owner, "deprecated"] = _DEPRECATED
for _line in _LINES.splitlines():
    _of, _key, _text = _line.split(maxsplit=2)
    DOCS[_of, _key] = _UNKNOWN if _text == "*unknown" else _text
