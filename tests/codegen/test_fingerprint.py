"""The two fingerprints: what was released keeps its hash when something is appended, and names
are not in it; the other hash sees everything but prose."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import program_of

from pcgen import ir

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
