"""The two fingerprints: what was released keeps its hash when something is appended, and names
are not in it; the other hash sees everything but prose."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support import FLOWS, ROOT, program_of, protocol_inputs

from pcgen import fingerprint, ir, pipeline
from pcgen.fuzz import dictionary
from pcgen.vectors import cases

OLD = """protocol: demo
version: 1
roles: [client, gate]
flows: [{flow: client -> gate, ids: 1-99}]
enums:
  mood: {type: u8, values: {CALM: 0, ANGRY: 1}}
flags:
  moves: {type: u8, bits: {RUN: 0}}
unions:
  target: {tag: u8, cases: {nobody: 0, entity: {tag: 1, type: u64}}}
packets:
  ask:
    id: 1
    flow: client -> gate
    doc: A question.
    fields:
      - mood: mood
      - moves: moves
      - target: target
      - text: string<20>
"""
TEXT = "      - text: string<20>\n"
NEW = OLD.replace("version: 1", "version: 2")


def demo(tmp_path: Path, text: str) -> ir.Protocol:
    return program_of(tmp_path, text).protocols[-1]


APPENDED = [
    (TEXT, TEXT + "      - more: {type: u32, since: 2, default: 0}\n"),
    (TEXT, TEXT + "  beg: {id: 2, flow: client -> gate, since: 2, fields: []}\n"),
    ("ANGRY: 1", "ANGRY: 1, GLAD: {value: 2, since: 2}"),
    ("RUN: 0", "RUN: 0, JUMP: {bit: 1, since: 2}"),
    ("type: u64}", "type: u64}, place: {tag: 2, type: u32, since: 2}"),
]


@pytest.mark.parametrize(("old", "new"), APPENDED)
def test_appending_keeps_the_old_hash_and_gives_a_new_one(tmp_path: Path, old: str,
                                                          new: str) -> None:
    before, after = demo(tmp_path, OLD), demo(tmp_path, NEW.replace(old, new))
    assert [item.version for item in after.hashes] == [1, 2]
    assert after.hashes[0] == before.hashes[0]
    assert after.hashes[1].hash != before.hashes[0].hash


def test_editing_what_was_appended_changes_only_its_own_hash(tmp_path: Path) -> None:
    old, new = APPENDED[0]
    one = demo(tmp_path, NEW.replace(old, new))
    two = demo(tmp_path, NEW.replace(old, new.replace("u32", "u16")))
    assert one.hashes[0] == two.hashes[0] and one.hashes[1] != two.hashes[1]


@pytest.mark.parametrize(("old", "new"), [
    ("text: string<20>", "text: string<21>"), ("ANGRY: 1", "ANGRY: 1, GLAD: 2"),
    ("RUN: 0", "RUN: 1"), ("tag: 1", "tag: 2"), ("id: 1\n", "id: 2\n"),
])
def test_editing_what_was_released_changes_its_hash(tmp_path: Path, old: str, new: str) -> None:
    assert demo(tmp_path, NEW.replace(old, new)).hashes[0] != demo(tmp_path, OLD).hashes[0]


@pytest.mark.parametrize(("old", "new"), [
    ("ask:", "beg:"), ("text:", "words:"), ("mood", "temper"), ("CALM", "QUIET"),
    ("entity", "somebody"), ("RUN", "WALK"), ("protocol: demo", "protocol: other"),
])
def test_names_are_in_the_schema_hash_only(tmp_path: Path, old: str, new: str) -> None:
    before, after = demo(tmp_path, OLD), demo(tmp_path, OLD.replace(old, new))
    assert after.hashes == before.hashes
    assert after.schema_hash != before.schema_hash


@pytest.mark.parametrize(("old", "new"), [
    ("id: 1\n", "id: 1\n    rate: {per_sec: 5}\n"), ("id: 1\n", "id: 1\n    deprecated: true\n"),
    ("- text: string<20>", "- text: {type: string<20>, secret: true}"),
])
def test_policy_is_in_the_schema_hash_only(tmp_path: Path, old: str, new: str) -> None:
    before, after = demo(tmp_path, OLD), demo(tmp_path, OLD.replace(old, new))
    assert after.hashes == before.hashes
    assert after.schema_hash != before.schema_hash


def test_prose_is_in_neither(tmp_path: Path) -> None:
    before, after = demo(tmp_path, OLD), demo(tmp_path, OLD.replace("A question.", "Ask."))
    assert (after.hashes, after.schema_hash) == (before.hashes, before.schema_hash)


def doubling(levels: int, deepest: str = "u8") -> str:
    """Each union in two cases of the next one: the ways to the deepest double with each level."""
    unions = [f"  at_{level}: {{tag: u8, cases: {{a: {{tag: 0, type: at_{level - 1}}}, "
              f"b: {{tag: 1, type: at_{level - 1}}}}}}}\n" for level in range(1, levels)]
    first = f"  at_0: {{tag: u8, cases: {{a: 0, b: {{tag: 1, type: {deepest}}}}}}}\n"
    packet = f"  go: {{id: 1, flow: client -> gate, fields: [it: at_{levels - 1}]}}\n"
    return FLOWS + "unions:\n" + first + "".join(unions) + "packets:\n" + packet


def test_type_that_is_met_by_many_ways_is_looked_at_once(tmp_path: Path) -> None:
    protocol = demo(tmp_path, doubling(18))
    [packet] = protocol.packets
    assert len(list(ir.inner_types(packet.fields[0].type))) == 18 + 1
    assert len(fingerprint.canonical([packet], 1)) < 3 * fingerprint.SPELLED_MAX
    program = program_of(tmp_path, doubling(18))
    table = next(table for role in program.roles for table in role.accepts)
    assert len(list(dictionary._entries(table))) < 100
    assert len(list(cases._edges(packet, cases._base(packet)))) == cases.EDGES_MAX


def test_hash_of_the_deepest_nesting_sees_its_end(tmp_path: Path) -> None:
    """What is spelled by its hash, as it is too long, is spelled all the same."""
    hashes = {demo(tmp_path, doubling(31, deepest)).compat_hash for deepest in ("u8", "i8", "u16")}
    assert len(hashes) == 3
    assert demo(tmp_path, doubling(31)).compat_hash in hashes


def test_released_hashes_are_as_they_were() -> None:
    """Those of the repository's own lock files: each is computed again from the YAML of today."""
    program = pipeline.compile_files(protocol_inputs()).program
    assert program is not None
    for protocol in program.protocols:
        lock = json.loads((ROOT / "protocol" / "released"
                           / f"{protocol.name}-{protocol.version}.lock.json").read_text())
        assert f"0x{protocol.compat_hash:016x}" in json.dumps(lock), protocol.name
