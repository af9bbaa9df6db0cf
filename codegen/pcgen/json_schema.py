"""The YAML language as JSON Schema (draft 7), for editors: completion, and the plain mistakes.

Made from the generator's own tables: which keys there are comes from grammar, the forms of names,
types and numbers from the passes that check them. What needs more than one place of a file, such
as a name that nobody declares, is left to `pcgen check`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from pcgen import grammar, ir
from pcgen.declarations import I64_MIN, U16_MAX, U64_MAX
from pcgen.grammar import Keys
from pcgen.key_docs import DOCS
from pcgen.loader import FRAME_LEAST, RATE_MAX
from pcgen.loader import FLOW_FORM, RANGE_FORM
from pcgen.passes import field_types, names, types

PATH = "codegen/schema/portcullis.schema.json"

Schema = dict[str, object]


def _ecma(pattern: re.Pattern[str]) -> str:
    """A pattern of the passes as JavaScript has it."""
    text = re.sub(r"\(\?P<\w+>", "(?:", pattern.pattern)
    return "^" + text.replace("\\Z", "$")


def _word(pattern: re.Pattern[str], longest: int = 0) -> Schema:
    found: Schema = {"type": "string", "pattern": _ecma(pattern)}
    return {**found, "maxLength": longest} if longest else found


def _number(least: int, most: int) -> Schema:
    return {"type": "integer", "minimum": least, "maximum": most}


def _choice(words: Sequence[str]) -> Schema:
    return {"type": "string", "enum": list(words)}


def _list(item: Schema, least: int = 0) -> Schema:
    return {"type": "array", "items": item, **({"minItems": least} if least else {})}


def _either(*schemas: Schema) -> Schema:
    return {"anyOf": list(schemas)}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}


def _names(key: Schema, value: Schema, least: int = 0) -> Schema:
    """A mapping from names to things."""
    form = {name: key[name] for name in ("pattern", "maxLength") if name in key}
    return {"type": "object", "propertyNames": form, "additionalProperties": value,
            **({"minProperties": least} if least else {})}


ANY: Schema = {}
TEXT: Schema = {"type": "string"}
# Words that look like numbers are text to pcgen and numbers to editors.
LINE: Schema = {"type": ["string", "number"]}
FLAG: Schema = {"type": "boolean"}
U16 = _number(1, U16_MAX)
REASON = _either(FLAG, TEXT)
LOWER = _word(names.LOWER, names.NAME_MAX)
SHORT = _word(names.LOWER, names.PROTOCOL_MAX)
UPPER = _word(names.UPPER, names.NAME_MAX)
FLOW = _word(FLOW_FORM)
RANGE = _word(RANGE_FORM)
BOUND = _either(_number(1, U16_MAX), UPPER)
LIMIT = _either({"type": "number"}, UPPER)
TYPE: Schema = {
    "anyOf": [{"enum": [*ir.SCALARS, "string<32>", "bytes<32>", "u8[4]", "u8[<=4]"]},
              {"type": "string", "pattern": _ecma(field_types.TYPE_FORM),
               "not": {"enum": [*field_types.SIZED]}}]}
CONST = _number(I64_MIN, U64_MAX)


def _member(long: Keys, short: Schema) -> Schema:
    """A value of an enum, a bit or a case: a number, or a mapping that says more."""
    return _either(short, _ref(_slug(long)))


def _field() -> Schema:
    """`- name: type`, or `- name: {type: ...}`."""
    return {**_names(LOWER, _either(TYPE, _ref(_slug(grammar.FIELD)))), "minProperties": 1,
            "maxProperties": 1}


Values = dict[Keys, dict[str, Schema]]


def _fields() -> Schema:
    return _list(_field())


def _of_files() -> Values:
    """The parts of a file."""
    def named(keys: Keys) -> Schema:
        return _names(LOWER, _ref(_slug(keys)))

    return {
        grammar.FILE: {
            "protocol": SHORT, "version": U16, "import": _list(TEXT), "roles": _list(SHORT, 1),
            "outside": _list(SHORT), "limits": _ref(_slug(grammar.LIMITS)),
            "reserved": _ref(_slug(grammar.RESERVED)),
            "states": _names(LOWER, _list(LOWER, 1)), "flows": _list(_ref(_slug(grammar.FLOW))),
            "consts": _names(UPPER, CONST), "enums": named(grammar.ENUM),
            "flags": named(grammar.FLAGS), "structs": named(grammar.STRUCT),
            "unions": named(grammar.UNION), "packets": named(grammar.PACKET), "doc": LINE},
        grammar.LIMITS: {"frame_max": _number(FRAME_LEAST, U16_MAX)},
        grammar.RESERVED: {"ids": _list(_either(U16, RANGE)), "names": _list(TEXT)},
        grammar.FLOW: {"flow": FLOW, "ids": RANGE, "states": LOWER, "via": SHORT},
    }


def _of_types() -> Values:
    """Declared types."""
    return {
        grammar.ENUM: {
            "type": _choice(types.ENUM_BASES), "unknown": _choice(grammar.UNKNOWN),
            "values": _names(UPPER, _member(grammar.ENUM_VALUE, CONST), 1)},
        grammar.ENUM_VALUE: {"value": _number(types.ENUM_MIN, types.ENUM_MAX)},
        grammar.FLAGS: {
            "type": _choice(types.FLAGS_BASES), "unknown": _choice(grammar.UNKNOWN),
            "bits": _names(UPPER, _member(grammar.FLAG_BIT, _number(0, 63)), 1)},
        grammar.FLAG_BIT: {"bit": _number(0, 63)},
        grammar.STRUCT: {"fields": {**_fields(), "minItems": 1}, "extensible": FLAG},
        grammar.UNION: {
            "tag": _choice(types.TAG_BASES), "open": FLAG,
            "cases": _names(LOWER, _member(grammar.CASE, _number(0, U16_MAX)), 1)},
        grammar.CASE: {"tag": _number(0, U16_MAX), "type": TYPE},
        grammar.FIELD: {
            "type": TYPE, "range": {**_list(LIMIT, 2), "maxItems": 2}, "min": BOUND,
            "charset": _choice(grammar.CHARSETS), "default": ANY, "secret": FLAG},
    }


def _of_packets() -> Values:
    """Packets and what belongs to them."""
    return {
        grammar.PACKET: {
            "id": U16, "flow": _either(FLOW, _list(FLOW, 1)), "fields": _fields(),
            "states": _list(LOWER, 1), "rate": _ref(_slug(grammar.RATE)), "reply": LOWER,
            "latest": LOWER, "tail": _choice(grammar.TAIL),
            "examples": _list(_ref(_slug(grammar.EXAMPLE)))},
        grammar.RATE: {"per_sec": _number(1, RATE_MAX), "burst": _number(1, RATE_MAX),
                       "over": _choice(grammar.OVER)},
        grammar.EXAMPLE: {"value": {"type": "object"}, "hex": LINE},
    }


# Keys that take the same wherever they stand.
_EVERYWHERE: dict[str, Schema] = {"doc": LINE, "since": U16, "deprecated": REASON}


def _slug(keys: Keys) -> str:
    """`an enum's value` becomes `enum_value`."""
    words = keys.what.replace("'s", "").split()
    return "_".join(word for word in words if word not in ("a", "an"))


def _definition(keys: Keys, values: dict[str, Schema]) -> Schema:
    """An object with exactly the keys that the grammar has."""
    properties: Schema = {}
    for key in keys.all:
        value = values.get(key, _EVERYWHERE.get(key))
        assert value is not None, f"{keys.what}: nothing says what `{key}` takes"
        described: Schema = {"description": DOCS[_slug(keys), key]}
        properties[key] = {**described, **value}
    found: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**found, "required": list(keys.required)} if keys.required else found


def schema() -> Schema:
    """The whole language."""
    values = {**_of_files(), **_of_types(), **_of_packets()}
    assert tuple(values) == grammar.ALL
    top = _definition(grammar.FILE, values[grammar.FILE])
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A protocol of Portcullis",
        "description": "Made by `pcgen schema` from the generator's own tables; do not edit. What "
                       "needs more than one place to see is checked by `pcgen check`.",
        **top,
        "definitions": {_slug(keys): _definition(keys, values[keys])
                        for keys in grammar.ALL if keys is not grammar.FILE},
    }


def render() -> str:
    """The file's text."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"
