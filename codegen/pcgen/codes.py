"""Every error pcgen knows. Numbers are never reused; tests/codegen/cases has a file for each."""

from __future__ import annotations

from enum import Enum


class Code(Enum):
    """The number that is printed; the comment says what the author did."""

    # 01xx: the file as YAML
    YAML_SYNTAX = "PG0101"  # it is not YAML
    DUPLICATE_KEY = "PG0102"  # a key stands twice in one mapping
    UNKNOWN_KEY = "PG0103"  # a key the language does not have
    MISSING_KEY = "PG0104"  # a key that must be there is not
    WRONG_KIND = "PG0105"  # a list where a mapping belongs, and the like
    ANCHOR = "PG0106"  # anchor, alias or merge key
    TAG = "PG0107"  # a YAML tag
    YAML_WORD = "PG0108"  # a bare word that YAML readers take for a boolean or null
    BAD_NUMBER = "PG0109"  # octal-looking, or no number
    UNREADABLE = "PG0110"  # the file is missing or not UTF-8
    NUMBER_RANGE = "PG0111"  # a number outside what the key allows
    DOCUMENTS = "PG0112"  # no YAML document, or more than one
    FLOW_SYNTAX = "PG0113"  # not `role -> role`
    RANGE_SYNTAX = "PG0114"  # not `first-last`

    # 02xx: names
    NAME_FORM = "PG0201"  # not snake_case, or not UPPER_CASE
    NAME_RESERVED = "PG0202"  # a word of an output language
    NAME_LONG = "PG0203"  # longer than the language allows
    NAME_TWICE = "PG0204"  # two things of one protocol share a name
    COLLISION = "PG0205"  # two names become one identifier in an output language
    NAME_RETIRED = "PG0206"  # a name that the file has reserved

    # 03xx: files and imports
    IMPORT_MISSING = "PG0301"  # the imported file does not exist
    IMPORT_CYCLE = "PG0302"  # a file imports itself, perhaps by way of others
    IMPORT_TWICE = "PG0303"  # a file is imported twice by one file
    IMPORT_AMBIGUOUS = "PG0304"  # two imported files declare the name that is used
    PROTOCOL_TWICE = "PG0305"  # two files carry the same protocol name
    ROLES_TWICE = "PG0306"  # roles are declared in two files
    ROLES_MISSING = "PG0307"  # no visible file declares roles

    # 04xx: constants and types
    TYPE_SYNTAX = "PG0401"  # the type cannot be read
    TYPE_UNKNOWN = "PG0402"  # no scalar, enum or struct has this name
    CONST_UNKNOWN = "PG0403"  # no constant has this name
    BOUND_RANGE = "PG0404"  # a bound is 0 or too great, or a least size above it
    STRUCT_CYCLE = "PG0405"  # a struct contains itself
    ENUM_WIDTH = "PG0406"  # an enum's type is not a fixed-width integer of up to 32 bits
    ENUM_RANGE = "PG0407"  # an enum's value does not fit its width
    ENUM_TWICE = "PG0408"  # two values of an enum are equal
    EMPTY = "PG0409"  # an enum, struct, role list or state machine without members
    ELEMENT = "PG0410"  # a type that cannot be an array's element or follow a union's tag
    FLAGS_WIDTH = "PG0411"  # the type of flags is not an unsigned integer
    BIT_RANGE = "PG0412"  # a flag's bit is not in its type
    BIT_TWICE = "PG0413"  # two flags have one bit
    TAG_WIDTH = "PG0414"  # the tag of a union is neither u8 nor u16
    TAG_RANGE = "PG0415"  # the tag of a case does not fit its width
    TAG_TWICE = "PG0416"  # two cases of a union have one tag
    UNKNOWN_WORD = "PG0417"  # unknown is neither reject nor keep
    RANGE_TYPE = "PG0418"  # a range on what is no number
    RANGE_EMPTY = "PG0419"  # a range that ends before it begins, or leaves the type
    QUANT = "PG0420"  # a quantised number whose steps do not come out
    OPTION_TYPE = "PG0421"  # min or charset on a type that has none
    CHARSET = "PG0422"  # no such charset
    NESTING = "PG0423"  # more structs and unions within each other than the language allows

    # 05xx: flows and ids
    ROLE_UNKNOWN = "PG0501"  # no such role
    FLOW_ENDS = "PG0502"  # a flow to itself, or via one of its own ends
    FLOW_UNDECLARED = "PG0503"  # the packet's flow is not among the file's flows
    FLOW_TWICE = "PG0504"  # a flow is listed twice
    ID_OUTSIDE = "PG0505"  # the id is not in the range of the packet's flow
    ID_TWICE = "PG0506"  # two packets have the same id
    IDS_OVERLAP = "PG0507"  # id ranges overlap that must not
    IDS_ORDER = "PG0508"  # a range that ends before it begins
    RELAY_CARRIER = "PG0509"  # it is not clear on which connection a relayed flow lies
    RECEIVER_MIXED = "PG0510"  # one role gets a packet both directly and relayed
    ID_RETIRED = "PG0511"  # an id that the file has reserved

    # 06xx: states and rates
    MACHINE_UNKNOWN = "PG0601"  # no such state machine
    STATE_UNKNOWN = "PG0602"  # the state machine has no such state
    STATES_WITHOUT = "PG0603"  # states on a packet whose flow has no state machine
    MACHINE_MIXED = "PG0604"  # flows that meet in one table name different state machines
    STATES_MANY = "PG0605"  # more than 64 states
    MACHINE_TWICE = "PG0606"  # two files declare a state machine of one name
    STATE_TWICE = "PG0607"  # a state is listed twice
    RATE_OVER = "PG0608"  # neither kick nor drop nor delay
    RATES_MANY = "PG0609"  # more different rates than a table can hold
    REPLY_UNKNOWN = "PG0610"  # the reply is no packet of the file
    REPLY_FLOW = "PG0611"  # the reply does not go back where the packet comes from
    CORRELATION = "PG0612"  # a call between servers without a correlation to match it by
    LATEST = "PG0613"  # latest names no field that can be a key
    TAIL = "PG0614"  # tail is not skip
    OPEN_OUTSIDE = "PG0615"  # something that may grow unseen, where one end is no server of ours

    # 07xx: sizes
    FRAME_LARGE = "PG0701"  # a packet's largest frame is above the limit

    # 08xx: growth
    SINCE_RANGE = "PG0801"  # since is not one of the protocol's later versions
    SINCE_ORDER = "PG0802"  # a field stands before one that came earlier
    SINCE_PLACE = "PG0803"  # since on a field of a struct that cannot grow
    DEFAULT_MISSING = "PG0804"  # a field that older peers do not send has no default
    DEFAULT_WITHOUT = "PG0805"  # a default on a field that is always there

    # 09xx: values, as in defaults and examples
    VALUE_KIND = "PG0901"  # the value is not of the field's type
    VALUE_RANGE = "PG0902"  # the value is of the type, but not legal
    VALUE_FIELD = "PG0903"  # a value of a struct with a field too many or too few
    EXAMPLE_HEX = "PG0904"  # hex is not hexadecimal
    EXAMPLE_BYTES = "PG0905"  # the example's bytes are not those of its value
