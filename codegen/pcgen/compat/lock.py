"""A protocol as it was released: JSON with one thing a line, so that merges show conflicts.

It holds what `breaking` compares and what the layout and the hashes can be computed from again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any
from typing import Protocol as Shape

from pcgen import ir
from pcgen.compat.values import value_from, value_to

FORMAT = 1
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Retired:
    """Ids and names that were in use once and never come back."""

    ids: tuple[int, ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Released:
    """A protocol of then. `types`: all that its packets use, by protocol and name."""

    protocol: ir.Protocol
    retired: Retired
    types: dict[tuple[str, str], ir.Named]


class BadLock(Exception):
    """A lock file that cannot be read."""


# ---- to JSON ----


def _type_to(type_: ir.Type) -> object:
    match type_:
        case ir.Scalar():
            if type_.range is None:
                return type_.name
            return {"number": type_.name,
                    "range": [type_.range.low.value, type_.range.high.value]}
        case ir.Quant():
            return {"quant": [str(part) for part in (type_.low, type_.high, type_.step)]}
        case ir.Text():
            return {"string": type_.bound.value, "min": type_.min, "charset": type_.charset.value}
        case ir.Bytes():
            return {"bytes": type_.bound.value, "min": type_.min}
        case ir.Array():
            return {"array": _type_to(type_.element), "count": type_.bound.value,
                    "counted": type_.counted}
        case ir.Optional():
            return {"optional": _type_to(type_.inner)}
        case _:
            return {"type": f"{type_.protocol}.{type_.name}"}


class _Ageing(Shape):
    @property
    def deprecated(self) -> str | None: ...


class _Member(_Ageing, Shape):
    @property
    def name(self) -> str: ...


def _deprecated_to(item: _Ageing, members: Sequence[_Member] = ()) -> Json:
    """Of an item, and of its members by name; nothing if nothing is."""
    found: Json = {} if item.deprecated is None else {"deprecated": item.deprecated}
    of_members = {one.name: one.deprecated for one in members if one.deprecated is not None}
    return found | ({"deprecated_members": of_members} if of_members else {})


def _field_to(field: ir.Field) -> Json:
    found: Json = {"name": field.name, "type": _type_to(field.type)}
    if field.since > 1:
        found |= {"since": field.since, "default": value_to(field.default)}
    return found | ({"secret": True} if field.secret else {}) | _deprecated_to(field)


def _named_to(type_: ir.Named) -> Json:
    match type_:
        case ir.Enum():
            return {"enum": type_.base.name, "unknown": type_.unknown.value,
                    "values": {item.name: [item.value, item.since] for item in type_.values},
                    **_deprecated_to(type_, type_.values)}
        case ir.Flags():
            return {"flags": type_.base.name, "unknown": type_.unknown.value,
                    "bits": {item.name: [item.bit, item.since] for item in type_.bits},
                    **_deprecated_to(type_, type_.bits)}
        case ir.Struct():
            return {"extensible": type_.extensible, **_deprecated_to(type_),
                    "fields": [_field_to(field) for field in type_.fields]}
        case ir.Union():
            return {"tag": type_.tag.name, "open": type_.open,
                    "cases": {case.name: [case.tag, case.since,
                                          _type_to(case.type) if case.type else None]
                              for case in type_.cases},
                    **_deprecated_to(type_, type_.cases)}


def _flow_name(flow: ir.Flow) -> str:
    return f"{flow.sender} -> {flow.receiver}"


def _packet_to(packet: ir.Packet) -> Json:
    machine = next((flow.machine for flow in packet.flows if flow.machine), None)
    found: Json = {"id": packet.id, "since": packet.since,
                   "flows": [_flow_name(flow) for flow in packet.flows],
                   "frame": [packet.frame.min, packet.frame.max]}
    if packet.states is not None and machine is not None:
        found["states"] = [machine.states[index] for index in packet.states]
    if packet.rate is not None:
        found["rate"] = {"per_sec": packet.rate.per_sec, "burst": packet.rate.burst,
                         "over": packet.rate.over.value}
    found |= {key: value for key, value in (("reply", packet.reply), ("latest", packet.latest))
              if value is not None}
    if packet.skips_tail:
        found["tail"] = "skip"
    return found | _deprecated_to(packet) | {
        "fields": [_field_to(field) for field in packet.fields]}


def types_of(protocol: ir.Protocol) -> dict[tuple[str, str], ir.Named]:
    """The named types that a protocol declares or its packets use; parts stand before wholes."""
    found: dict[tuple[str, str], ir.Named] = {}

    def add(type_: ir.Type) -> None:
        parts = [part for part in ir.inner_types(type_)
                 if isinstance(part, ir.Enum | ir.Flags | ir.Struct | ir.Union)]
        for part in reversed(parts):
            found.setdefault((part.protocol, part.name), part)

    own: tuple[ir.Named, ...] = (*protocol.enums, *protocol.flags, *protocol.composites)
    for item in own:
        add(item)
    for packet in protocol.packets:
        for field in packet.fields:
            add(field.type)
    return found


def _machines(protocol: ir.Protocol) -> dict[str, ir.StateMachine]:
    used = [declared.flow.machine for declared in protocol.flows if declared.flow.machine]
    return {machine.name: machine for machine in (*protocol.machines, *used)}


def to_json(protocol: ir.Protocol, retired: Retired) -> Json:
    """What is written down of a protocol."""
    return {
        "format": FORMAT,
        "protocol": protocol.name,
        "version": protocol.version,
        "source": protocol.source,
        "compat_hashes": {str(item.version): f"0x{item.hash:016x}" for item in protocol.hashes},
        "schema_hash": f"0x{protocol.schema_hash:016x}",
        "frame_max": protocol.frame_max,
        "retired": {"ids": list(retired.ids), "names": list(retired.names)},
        "machines": {name: {"protocol": machine.protocol, "states": list(machine.states)}
                     for name, machine in _machines(protocol).items()},
        "flows": [{"flow": _flow_name(item.flow), "ids": [item.ids.first, item.ids.last],
                   "via": item.flow.via, "outer": item.flow.outer,
                   "states": item.flow.machine.name if item.flow.machine else None}
                  for item in protocol.flows],
        "consts": {const.name: const.value for const in protocol.consts},
        "types": {f"{owner}.{name}": _named_to(type_)
                  for (owner, name), type_ in types_of(protocol).items()},
        "packets": {packet.name: _packet_to(packet) for packet in protocol.packets},
    }


def render(protocol: ir.Protocol, retired: Retired) -> str:
    """The file's text: two levels are unfolded, what is below stands on one line."""
    lines = ["{"]
    whole = to_json(protocol, retired)
    for index, (key, value) in enumerate(whole.items()):
        comma = "," if index + 1 < len(whole) else ""
        if isinstance(value, dict) and value and key != "retired":
            lines += [f' "{key}": {{', *_unfolded(value), f" }}{comma}"]
        elif isinstance(value, list) and value:
            lines += [f' "{key}": [', *_listed(value, "  "), f" ]{comma}"]
        else:
            lines.append(f" {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}{comma}")
    return "\n".join([*lines, "}"]) + "\n"


def is_same(old: str, new: str) -> bool:
    """True if two texts of lock files say the same of a protocol, whatever its file is called."""
    return bool({**json.loads(old), "source": ""} == {**json.loads(new), "source": ""})


def _listed(items: list[Json], indent: str) -> list[str]:
    """One item a line."""
    last = len(items) - 1
    return [f"{indent}{json.dumps(item, ensure_ascii=False)}{',' if index < last else ''}"
            for index, item in enumerate(items)]


def _unfolded(items: Json) -> list[str]:
    """One item a line; the fields of packets and structs one a line too."""
    lines: list[str] = []
    for index, (name, value) in enumerate(items.items()):
        comma = "," if index + 1 < len(items) else ""
        fields = value.get("fields") if isinstance(value, dict) else None
        if not fields:
            lines.append(f"  {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}{comma}")
            continue
        head = json.dumps({key: item for key, item in value.items() if key != "fields"},
                          ensure_ascii=False)[:-1]
        lines.append(f'  {json.dumps(name)}: {head}, "fields": [')
        lines += _listed(fields, "   ")
        lines.append(f"  ]}}{comma}")
    return lines


# ---- from JSON ----


class _Reader:
    """Makes the IR of then. Names of constants are not kept, nor is prose."""

    def __init__(self, data: Json) -> None:
        self.data = data
        self.name: str = data["protocol"]
        self.types: dict[tuple[str, str], ir.Named] = {}
        self.machines = {name: ir.StateMachine(item["protocol"], name, tuple(item["states"]))
                         for name, item in data["machines"].items()}

    def type(self, data: Any) -> Any:
        if isinstance(data, str):
            return ir.SCALARS[data]
        if "number" in data:
            ends = ir.Range(*(ir.Limit(value) for value in data["range"]))
            return replace(ir.SCALARS[data["number"]], range=ends)
        if "quant" in data:
            low, high, step = (Fraction(part) for part in data["quant"])
            steps = int((high - low) / step)
            base = next(ir.SCALARS[name] for name in ("u8", "u16", "u32")
                        if steps <= ir.SCALARS[name].max)
            return ir.Quant(low, high, step, base)
        if "string" in data:
            return ir.Text(ir.Bound(data["string"]), data["min"], ir.Charset(data["charset"]))
        if "bytes" in data:
            return ir.Bytes(ir.Bound(data["bytes"]), data["min"])
        if "array" in data:
            return ir.Array(self.type(data["array"]), ir.Bound(data["count"]), data["counted"])
        if "optional" in data:
            return ir.Optional(self.type(data["optional"]))
        owner, name = data["type"].split(".")
        return self.types[owner, name]

    def fields(self, items: list[Json]) -> tuple[ir.Field, ...]:
        return tuple(ir.Field(item["name"], "", self.type(item["type"]), item.get("since", 1),
                              value_from(item.get("default")), item.get("secret", False),
                              item.get("deprecated"))
                     for item in items)

    def named(self, owner: str, name: str, item: Json) -> ir.Named:
        why = item.get("deprecated")
        whys = item.get("deprecated_members", {})
        if "enum" in item:
            values = tuple(ir.EnumValue(key, value, "", since, whys.get(key))
                           for key, (value, since) in item["values"].items())
            return ir.Enum(owner, name, "", ir.SCALARS[item["enum"]], values,
                           ir.Unknown(item["unknown"]), why)
        if "flags" in item:
            bits = tuple(ir.FlagBit(key, bit, "", since, whys.get(key))
                         for key, (bit, since) in item["bits"].items())
            return ir.Flags(owner, name, "", ir.SCALARS[item["flags"]], bits,
                            ir.Unknown(item["unknown"]), why)
        if "cases" in item:
            cases = tuple(ir.Case(key, tag, "", self.type(type_) if type_ else None, since,
                                  whys.get(key))
                          for key, (tag, since, type_) in item["cases"].items())
            return ir.Union(owner, name, "", ir.SCALARS[item["tag"]], cases, item["open"], why)
        return ir.Struct(owner, name, "", self.fields(item["fields"]), item["extensible"], why)

    def flow(self, item: Json) -> ir.DeclaredFlow:
        sender, _, receiver = item["flow"].split(" ")
        machine = self.machines[item["states"]] if item["states"] else None
        return ir.DeclaredFlow(ir.Flow(sender, receiver, item["via"], item["outer"], machine),
                               ir.IdRange(*item["ids"]))

    def packet(self, name: str, item: Json, flows: dict[str, ir.Flow]) -> ir.Packet:
        own = tuple(flows[flow] for flow in item["flows"])
        machine = next((flow.machine for flow in own if flow.machine), None)
        states = item.get("states")
        rate = item.get("rate")
        return ir.Packet(
            self.name, name, "", item["id"], own,
            tuple(machine.states.index(state) for state in states) if states and machine else None,
            ir.Rate(rate["per_sec"], rate["burst"], ir.Over(rate["over"])) if rate else None,
            self.fields(item["fields"]), self.data["frame_max"], item["since"],
            item.get("reply"), item.get("latest"), "tail" in item, item.get("deprecated"))

    def released(self) -> Released:
        for full, item in self.data["types"].items():
            owner, name = full.split(".")
            self.types[owner, name] = self.named(owner, name, item)
        own = [type_ for (owner, _), type_ in self.types.items() if owner == self.name]
        flows = tuple(self.flow(item) for item in self.data["flows"])
        by_name = {_flow_name(item.flow): item.flow for item in flows}
        retired = self.data["retired"]
        protocol = ir.Protocol(
            self.name, self.data["source"], self.data["version"],
            tuple(ir.VersionHash(int(version), int(value, 16))
                  for version, value in self.data["compat_hashes"].items()),
            int(self.data["schema_hash"], 16), "", self.data["frame_max"],
            tuple(machine for machine in self.machines.values() if machine.protocol == self.name),
            flows,
            tuple(ir.Const(self.name, key, value) for key, value in self.data["consts"].items()),
            tuple(item for item in own if isinstance(item, ir.Enum)),
            tuple(item for item in own if isinstance(item, ir.Flags)),
            tuple(item for item in own if isinstance(item, ir.Struct | ir.Union)),
            tuple(self.packet(name, item, by_name)
                  for name, item in self.data["packets"].items()),
            ir.Reserved(tuple(ir.IdRange(value, value) for value in retired["ids"]),
                        tuple(retired["names"])))
        return Released(protocol, Retired(tuple(retired["ids"]), tuple(retired["names"])),
                        self.types)


def parse(text: str, path: Path) -> Released:
    """A lock file's protocol."""
    try:
        data = json.loads(text)
        if data["format"] != FORMAT:
            raise BadLock(f"{path}: format {data['format']} is not known; this pcgen is too old")
        return _Reader(data).released()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadLock(f"{path}: this is no lock file of pcgen ({error!r})") from None
