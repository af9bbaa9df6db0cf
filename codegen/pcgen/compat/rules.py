"""The rules of `pcgen breaking`. Numbers are never reused; explanations/pb*.txt has each with an
example that breaks it and one that does not."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Class(Enum):
    """Whom it breaks."""

    WIRE = "WIRE"  # a peer of the released version: bytes mean something else, or are refused
    POLICY = "POLICY"  # a peer that does what was allowed: it is now refused, slowed or closed
    SOURCE = "SOURCE"  # programs that are compiled anew; peers notice nothing


class Rule(Enum):
    """The number that is printed; the comment says what was done."""

    # PB1xx: WIRE
    PROTOCOL_REMOVED = "PB100"  # a released protocol is gone
    PACKET_REMOVED = "PB101"  # a released packet is gone
    PACKET_ID = "PB102"  # a packet has another id
    ID_NOT_RESERVED = "PB103"  # the id of a packet that is gone is not reserved
    ID_REUSED = "PB104"  # an id now belongs to a packet of another kind
    NAME_NOT_RESERVED = "PB105"  # the name of a packet that is gone is not reserved
    PACKET_ADDED = "PB106"  # a packet came without a `since` above the released version
    ID_RETIRED = "PB107"  # an id that was retired is used again
    NAME_RETIRED = "PB108"  # a name that was retired is used again
    FIELD_REMOVED = "PB109"  # a field is gone
    FIELD_ADDED = "PB110"  # a field came without a `since` above the released version
    FIELD_MOVED = "PB111"  # fields stand in another order
    TYPE_CHANGED = "PB112"  # a field has another type
    NARROWED = "PB113"  # what was legal is refused: a lower bound, a smaller range
    WIDENED = "PB114"  # what an old peer refuses is legal: a higher bound, a greater range
    PREFIX_CHANGED = "PB115"  # a bound crossed 255: its prefix has another width
    WIDTH_CHANGED = "PB116"  # an enum, flags or a tag has another width
    MEMBER_REMOVED = "PB117"  # an enum's value, a flag or a case is gone
    MEMBER_ADDED = "PB118"  # one came without a `since` above the released version
    MEMBER_CHANGED = "PB119"  # one has another number
    OPENNESS = "PB120"  # extensible, open, unknown or tail is not what it was
    SINCE_CHANGED = "PB121"  # what was released belongs to another version now
    VERSION_LOWERED = "PB122"  # the version is below the released one
    HASH_CHANGED = "PB199"  # the wire changed in a way that no other rule names

    # PB2xx: POLICY
    FLOW_REMOVED = "PB201"  # a packet may not go where it could
    RELAY_CHANGED = "PB202"  # it goes by way of another role
    STATES_FEWER = "PB203"  # it is legal in fewer states
    RATE_TIGHTER = "PB204"  # less of it may be sent
    OVER_HARSHER = "PB205"  # sending too much has worse consequences
    REPLY_CHANGED = "PB206"  # it is answered by another packet, or by none
    LATEST_CHANGED = "PB207"  # older ones may now be left out
    FRAME_MAX_LOWERED = "PB208"  # the limit of the file's frames is lower
    DEFAULT_CHANGED = "PB209"  # what older peers do not send means something else
    SECRET_REMOVED = "PB210"  # what was never printed is printed
    MACHINE_CHANGED = "PB211"  # sessions begin in another state, or have another machine

    # PB3xx: SOURCE
    PACKET_RENAMED = "PB301"  # a packet has another name
    FIELD_RENAMED = "PB302"  # a field has another name
    TYPE_RENAMED = "PB303"  # an enum, flags, a struct or a union has another name
    MEMBER_RENAMED = "PB304"  # an enum's value, a flag or a case has another name
    CONST_CHANGED = "PB305"  # a constant is gone or has another value
    STATE_REMOVED = "PB306"  # a state or a state machine is gone or has another name
    CALL_ADDED = "PB307"  # a packet between servers now has an answer

    @property
    def of(self) -> Class:
        return {"1": Class.WIRE, "2": Class.POLICY, "3": Class.SOURCE}[self.value[2]]


class Trouble(Enum):
    """Why nothing was compared, or nothing written. None of these can be allowed."""

    NOTHING_COMPARED = "PB001"  # there is nothing to compare with
    ALREADY_RELEASED = "PB002"  # this version has been released, and was something else


@dataclass(frozen=True, slots=True, order=True)
class Where:
    """A place in the new protocol: its name, then a packet, type, constant or machine, then one
    of its members; empty where it has none."""

    protocol: str
    item: str = ""
    member: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """`rule` is None if it breaks nobody."""

    rule: Rule | None
    where: Where
    text: str
