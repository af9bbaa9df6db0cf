"""Names: their form, their length, the words no output language lends us, duplicates."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable

from pcgen import ir, schema
from pcgen.codes import Code
from pcgen.passes import scope
from pcgen.passes.context import Context
from pcgen.source import Text

LOWER = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*\Z")
UPPER = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*\Z")
NAME_MAX = 32
PROTOCOL_MAX = 16

_C = """auto break case char const continue default do double else enum extern float for goto if
inline int long register restrict return short signed sizeof static struct switch typedef union
unsigned void volatile while bool true false errno assert main"""
_CPP = """alignas alignof and and_eq asm bitand bitor catch class compl concept consteval constexpr
constinit co_await co_return co_yield decltype delete dynamic_cast explicit export friend mutable
namespace new noexcept not not_eq nullptr operator or or_eq private protected public
reinterpret_cast requires static_assert static_cast template this thread_local throw try typeid
typename using virtual wchar_t xor xor_eq char8_t char16_t char32_t"""
_PYTHON = """as async await def del elif except finally from global import in is lambda nonlocal
pass raise with yield self cls encode decode bytes str list"""
_WINDOWS = "near far small hyper interface min max"
RESERVED = frozenset(" ".join((_C, _CPP, _PYTHON, _WINDOWS)).split())

# The modules that the Python output has, and those of Python that it would shadow.
PROTOCOL_RESERVED = frozenset({"pcwire", "roles"}) | sys.stdlib_module_names
# What is C's when a constant's name follows (SIZE_MAX), and what is the runtime's (pc_wire_reader).
_C_PREFIX = re.compile(
    r"(u?int(8|16|32|64|max|ptr)?|s?size|ptrdiff|wchar|wint|sig_atomic|pc(_.*)?)\Z")
# Python's words that are classes' names by our rule: none -> None.
TYPE_RESERVED = frozenset({"none", "true", "false"})
# Members that every union has; and words that the type grammar claims.
CASE_RESERVED = frozenset({"tag", "unknown", "unknown_tag", "unknown_size"})
WORDS_OF_TYPES = ("string", "bytes", "quant")
# Parameters of generated functions, and the groups of generated files.
ROLE_RESERVED = frozenset({"packet", "frame", "size", "session", "receiver", "codec", "python",
                           "pc"})


class _Names:
    def __init__(self, context: Context) -> None:
        self.sink = context.sink

    def lower(self, name: Text, what: str, longest: int = NAME_MAX) -> None:
        self.form(name, what, LOWER, "snake_case", longest)

    def bare(self, name: Text, what: str, longest: int = NAME_MAX,
             also: frozenset[str] = frozenset()) -> None:
        """A name that stands by itself in the output, without its protocol's before it."""
        self.lower(name, what, longest)
        self.not_of(RESERVED | also, name, what)

    def type(self, name: Text, what: str) -> None:
        """A type or packet: C puts the protocol before it, the other languages do not."""
        self.lower(name, what)
        self.not_of(TYPE_RESERVED, name, what)

    def protocol(self, name: Text) -> None:
        self.bare(name, "a protocol", PROTOCOL_MAX, PROTOCOL_RESERVED)
        if name.value not in RESERVED and _C_PREFIX.match(name.value):
            self.reserved(name, "a protocol")

    def not_of(self, words: frozenset[str], name: Text, what: str) -> None:
        if name.value in words:
            self.reserved(name, what)

    def reserved(self, name: Text, what: str) -> None:
        self.sink.error(Code.NAME_RESERVED, name.span, f"{what} cannot be called `{name}`",
                        "the word has another meaning in generated C or Python, or in headers of "
                        "Windows")

    def upper(self, name: Text, what: str) -> None:
        self.form(name, what, UPPER, "UPPER_CASE", NAME_MAX)

    def form(self, name: Text, what: str, form: re.Pattern[str], called: str,
             longest: int) -> None:
        if not name.value:
            return
        if not form.match(name.value):
            self.sink.error(Code.NAME_FORM, name.span,
                            f"{what}'s name must be {called}, not `{name}`")
        elif len(name.value) > longest:
            self.sink.error(Code.NAME_LONG, name.span,
                            f"{what}'s name is {len(name.value)} characters long; "
                            f"at most {longest} are allowed")

    def distinct(self, names: Iterable[Text], what: str, code: Code = Code.NAME_TWICE) -> None:
        seen: dict[str, Text] = {}
        for name in names:
            first = seen.setdefault(name.value, name)
            if first is not name and name.value:
                self.sink.error(code, name.span, f"{what} `{name}` stands twice",
                                f"it is first in line {first.span.line}")

    def fields(self, fields: tuple[schema.Field, ...]) -> None:
        for field in fields:
            self.bare(field.name, "a field")
        self.distinct((field.name for field in fields), "the field")

    def file(self, file: schema.File) -> None:
        self.protocol(file.protocol)
        for role in file.roles or ():
            self.bare(role, "a role", PROTOCOL_MAX, ROLE_RESERVED)
        self.distinct(file.roles or (), "the role")
        for machine in file.machines:
            self.lower(machine.name, "a state machine")
            for state in machine.states:
                self.lower(state, "a state")
            self.distinct(machine.states, "the state", Code.STATE_TWICE)
        for const in file.consts:
            self.upper(const.name, "a constant")
        self.types(file)
        for packet in file.packets:
            self.type(packet.name, "a packet")
            self.fields(packet.fields)

    def values(self, enum: schema.Enum, what: str, member: str) -> None:
        """Flags too."""
        self.type(enum.name, what)
        for value in enum.values:
            self.upper(value.name, member)

    def retired(self, file: schema.File, named: Iterable[Text]) -> None:
        """Names that were in use once, with their meaning of then."""
        gone = {name.value: name for name in file.reserved.names}
        for name in named:
            if name.value in gone:
                line = gone[name.value].span.line
                self.sink.error(Code.NAME_RETIRED, name.span, f"the name `{name}` is reserved",
                                f"line {line} says that it was in use once")

    def types(self, file: schema.File) -> None:
        for enum in file.enums:
            self.values(enum, "an enum", "an enum value")
        for flags in file.flags:
            self.values(flags, "flags", "a flag")
        for struct in file.structs:
            self.type(struct.name, "a struct")
            self.fields(struct.fields)
        for union in file.unions:
            self.type(union.name, "a union")
            for case in union.cases:
                self.bare(case.name, "a case", also=CASE_RESERVED)
        for name in scope.types(file):
            if name.value in ir.SCALARS or name.value in WORDS_OF_TYPES:
                self.sink.error(Code.NAME_RESERVED, name.span,
                                f"`{name}` is a type of the language")
        named = (*scope.types(file), *(packet.name for packet in file.packets))
        self.retired(file, named)
        self.distinct(sorted(named, key=lambda name: (name.span.line, name.span.column)),
                      "the name")


def run(context: Context) -> None:
    """Check every name on its own, then that no protocol has it twice."""
    names = _Names(context)
    protocols: dict[str, schema.File] = {}
    for file in sorted(context.files, key=lambda file: file.source.shown):
        names.file(file)
        first = protocols.setdefault(file.protocol.value, file)
        if first is not file:
            context.sink.error(Code.PROTOCOL_TWICE, file.protocol.span,
                               f"the protocol `{file.protocol}` is also that of "
                               f"{first.source.shown}")
