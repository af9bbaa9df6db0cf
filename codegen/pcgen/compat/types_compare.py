"""Changes of fields and types. What lies on the wire is compared, then what programs see."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pcgen import fingerprint, ir
from pcgen.compat.rules import Change, Rule, Where
from pcgen.spelling import spell


_NAMED = (ir.Enum, ir.Flags, ir.Struct, ir.Union)


@dataclass(frozen=True, slots=True)
class Member:
    """A value of an enum, a flag or a case."""

    name: str
    number: int
    since: int
    type: ir.Type | None = None
    deprecated: str | None = None


class TypeComparer:
    """Compares the types of one protocol then and now. `released` is the version of then."""

    def __init__(self, protocol: str, released: int, report: Callable[[Change], None]) -> None:
        self.protocol = protocol
        self.released = released
        self.report = report
        self.seen: set[tuple[str, str, str, str]] = set()

    def say(self, rule: Rule | None, where: Where, text: str) -> None:
        self.report(Change(rule, where, text))

    def is_new(self, since: int, owner: str) -> bool:
        """True if it says that it came after the release. The versions of an imported file are
        its own: of those only what was there from the start is in our hashes."""
        return since > (self.released if owner == self.protocol else 1)

    # ---- fields ----

    def fields(self, old: Sequence[ir.Field], new: Sequence[ir.Field], where: Where,
               grows: bool) -> None:
        """Of a packet or struct. grows: fields may be appended."""
        renamed = self.renamed(old, new)
        names = {renamed.get(field.name, field.name): field for field in old}
        now = {field.name: field for field in new}
        for name, field in names.items():
            if name not in now:
                self.say(Rule.FIELD_REMOVED, where, f"the field `{name}` of `{where.item}` is gone")
            elif name != field.name:
                self.say(Rule.FIELD_RENAMED, Where(where.protocol, where.item, name),
                         f"the field `{field.name}` of `{where.item}` is now called `{name}`")
        kept_then = [name for name in names if name in now]
        kept_now = [name for name in now if name in names]
        if kept_then != kept_now:
            moved = next(b for a, b in zip(kept_then, kept_now, strict=True) if a != b)
            self.say(Rule.FIELD_MOVED, Where(where.protocol, where.item, moved),
                     f"the fields of `{where.item}` stand in another order")
        for field in new:
            here = Where(where.protocol, where.item, field.name)
            if field.name in names:
                self.field(names[field.name], field, here)
            elif grows and self.is_new(field.since, where.protocol):
                self.say(None, here, f"the field `{field.name}` of `{where.item}` came with "
                                     f"version {field.since}")
            else:
                self.say(Rule.FIELD_ADDED, here, self.added(field, where, grows))

    def added(self, field: ir.Field, where: Where, grows: bool) -> str:
        text = f"the field `{field.name}` is new in `{where.item}`"
        if not grows:
            return f"{text}, which cannot grow"
        return f"{text}, but `since` is not above the released version {self.released}"

    def renamed(self, old: Sequence[ir.Field], new: Sequence[ir.Field]) -> dict[str, str]:
        """Fields that stand where they stood, are what they were, and have another name."""
        then, now = {field.name for field in old}, {field.name for field in new}
        return {a.name: b.name for a, b in zip(old, new, strict=False)
                if a.name not in now and b.name not in then
                and self.wire(a.type) == self.wire(b.type)}

    def wire(self, type_: ir.Type) -> str:
        """What a type was on the wire of the release: without the names of types and constants."""
        return fingerprint.wire_type(type_, self.protocol, self.released)

    def field(self, old: ir.Field, new: ir.Field, where: Where) -> None:
        what = f"`{new.name}` of `{where.item}`"
        self.type(old.type, new.type, where, what)
        if old.since != new.since:
            self.say(Rule.SINCE_CHANGED, where,
                     f"{what} came with version {old.since}, not {new.since}")
        elif old.since > 1 and old.default != new.default:
            self.say(Rule.DEFAULT_CHANGED, where, f"{what} has another default")
        if old.secret and not new.secret:
            self.say(Rule.SECRET_REMOVED, where, f"{what} was secret")
        elif new.secret and not old.secret:
            self.say(None, where, f"{what} is secret now")
        self.deprecated(old.deprecated, new.deprecated, where, what)

    def deprecated(self, old: str | None, new: str | None, where: Where, what: str) -> None:
        """None: it is not; else why, perhaps empty."""
        if old != new:
            reason = f": {new}" if new else ""
            self.say(None, where, f"{what} is no longer deprecated" if new is None
                     else f"{what} is deprecated{reason}")

    # ---- types ----

    def type(self, old: ir.Type, new: ir.Type, where: Where, what: str) -> None:
        if isinstance(old, ir.Scalar) and isinstance(new, ir.Scalar) and old.name == new.name:
            self.range(old, new, where, what)
        elif isinstance(old, ir.Text) and isinstance(new, ir.Text):
            self.sized(old, new, where, what)
            self.charset(old, new, where, what)
        elif isinstance(old, ir.Bytes) and isinstance(new, ir.Bytes):
            self.sized(old, new, where, what)
        elif isinstance(old, ir.Array) and isinstance(new, ir.Array) and _alike(old, new):
            self.bound(old.bound, new.bound, where, what)
            self.type(old.element, new.element, where, what)
        elif isinstance(old, ir.Optional) and isinstance(new, ir.Optional):
            self.type(old.inner, new.inner, where, what)
        elif isinstance(old, _NAMED) and isinstance(new, _NAMED) and type(old) is type(new):
            self.named(old, new)
        elif not (isinstance(old, ir.Quant) and isinstance(new, ir.Quant) and old == new):
            self.say(Rule.TYPE_CHANGED, where,
                     f"{what} is {spell(new)}, and was released as {spell(old)}")

    def range(self, old: ir.Scalar, new: ir.Scalar, where: Where, what: str) -> None:
        then, now = f"{old.low}..{old.high}", f"{new.low}..{new.high}"
        if new.low > old.low or new.high < old.high:
            self.say(Rule.NARROWED, where, f"the range of {what} is {now}, and was {then}")
        if new.low < old.low or new.high > old.high:
            self.say(Rule.WIDENED, where, f"the range of {what} is {now}, and was {then}")

    def bound(self, old: ir.Bound, new: ir.Bound, where: Where, what: str) -> None:
        text = f"the bound of {what} is {new.value}, and was {old.value}"
        if old.prefix != new.prefix:
            self.say(Rule.PREFIX_CHANGED, where, f"{text}: its prefix has another width")
        elif new.value < old.value:
            self.say(Rule.NARROWED, where, text)
        elif new.value > old.value:
            self.say(Rule.WIDENED, where, text)

    def sized(self, old: ir.Text | ir.Bytes, new: ir.Text | ir.Bytes, where: Where,
              what: str) -> None:
        self.bound(old.bound, new.bound, where, what)
        if old.min != new.min:
            rule = Rule.NARROWED if new.min > old.min else Rule.WIDENED
            self.say(rule, where, f"the least size of {what} is {new.min}, and was {old.min}")

    def charset(self, old: ir.Text, new: ir.Text, where: Where, what: str) -> None:
        if old.charset is not new.charset:
            rule = Rule.WIDENED if new.charset is ir.Charset.UTF8 else Rule.NARROWED
            self.say(rule, where, f"the charset of {what} is {new.charset.value}, and was "
                                  f"{old.charset.value}")

    # ---- named types: each is compared once, and reported where it is declared ----

    def named(self, old: ir.Named, new: ir.Named) -> None:
        key = (old.protocol, old.name, new.protocol, new.name)
        if key in self.seen:
            return
        self.seen.add(key)
        where = Where(new.protocol, new.name)
        if key[:2] != key[2:]:
            self.say(Rule.TYPE_RENAMED, where,
                     f"the type `{old.protocol}.{old.name}` is now `{new.protocol}.{new.name}`")
        self.deprecated(old.deprecated, new.deprecated, where, f"`{new.name}`")
        if isinstance(old, ir.Struct) and isinstance(new, ir.Struct):
            self.openness("extensible", _word(old.extensible), _word(new.extensible), where)
            self.fields(old.fields, new.fields, where, new.extensible)
        elif isinstance(old, ir.Union) and isinstance(new, ir.Union):
            self.base(old.tag, new.tag, where)
            self.openness("open", _word(old.open), _word(new.open), where)
            self.members(_members(old), _members(new), where, False)
        elif isinstance(old, ir.Enum | ir.Flags) and isinstance(new, ir.Enum | ir.Flags):
            self.base(old.base, new.base, where)
            self.openness("unknown", old.unknown.value, new.unknown.value, where)
            self.members(_members(old), _members(new), where, old.unknown is ir.Unknown.KEEP)

    def base(self, old: ir.Scalar, new: ir.Scalar, where: Where) -> None:
        if old.name != new.name:
            self.say(Rule.WIDTH_CHANGED, where,
                     f"`{where.item}` is a {new.name}, and was released as {old.name}")

    def openness(self, key: str, old: str, new: str, where: Where) -> None:
        if old != new:
            self.say(Rule.OPENNESS, where, f"`{where.item}` has {key}: {new}, and had {old}")

    def members(self, old: list[Member], new: list[Member], where: Where, kept: bool) -> None:
        """kept: peers of then take any number."""
        numbers = {member.number: member for member in new}
        names = {member.name: member for member in new}
        names_then = {member.name for member in old}
        for member in old:
            now = names.get(member.name) or numbers.get(member.number)
            if now is None or (now.name != member.name and now.name in names_then):
                self.say(Rule.MEMBER_REMOVED, where,
                         f"`{member.name}` ({member.number}) of `{where.item}` is gone")
            elif now.number != member.number:
                self.say(Rule.MEMBER_CHANGED, Where(where.protocol, where.item, member.name),
                         f"`{member.name}` of `{where.item}` is {now.number}, and was released as "
                         f"{member.number}")
            else:
                self.member(member, now, Where(where.protocol, where.item, now.name))
        numbers_then = {member.number for member in old}
        for member in new:
            if member.number not in numbers_then and member.name not in names_then:
                self.member_added(member, where, kept)

    def member_added(self, member: Member, where: Where, kept: bool) -> None:
        here = Where(where.protocol, where.item, member.name)
        text = f"`{member.name}` ({member.number}) is new in `{where.item}`"
        if kept or self.is_new(member.since, where.protocol):
            self.say(None, here, text)
        else:
            self.say(Rule.MEMBER_ADDED, here, f"{text}, but `since` is not above the released "
                                              f"version {self.released}")

    def member(self, old: Member, new: Member, where: Where) -> None:
        what = f"`{new.name}` of `{where.item}`"
        if old.name != new.name:
            self.say(Rule.MEMBER_RENAMED, where, f"{what} was called `{old.name}`")
        if old.since != new.since:
            self.say(Rule.SINCE_CHANGED, where,
                     f"{what} came with version {old.since}, not {new.since}")
        self.deprecated(old.deprecated, new.deprecated, where, what)
        if old.type is not None and new.type is not None:
            self.type(old.type, new.type, where, what)
        elif old.type is not new.type:
            self.say(Rule.TYPE_CHANGED, where, f"{what} now carries "
                     + (spell(new.type) if new.type else "nothing"))


def _alike(old: ir.Array, new: ir.Array) -> bool:
    """Both counted, or both of one size."""
    return old.counted == new.counted and (old.counted or old.bound.value == new.bound.value)


def _word(flag: bool) -> str:
    return "true" if flag else "false"


def _members(type_: ir.Enum | ir.Flags | ir.Union) -> list[Member]:
    match type_:
        case ir.Enum():
            return [Member(value.name, value.value, value.since, None, value.deprecated)
                    for value in type_.values]
        case ir.Flags():
            return [Member(bit.name, bit.bit, bit.since, None, bit.deprecated)
                    for bit in type_.bits]
        case ir.Union():
            return [Member(case.name, case.tag, case.since, case.type, case.deprecated)
                    for case in type_.cases]
