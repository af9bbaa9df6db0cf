"""`diff` names every change, also what breaks nobody: whatever changes the hash of all that a file
says is listed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support import ROOT, pcgen, program_of

from pcgen.compat import against, compare, lock
from pcgen.compat.rules import Change

TEXT = """\
protocol: demo
version: 3
roles: [client, gate, game, db]
limits: {frame_max: 1024}
reserved: {ids: [9], names: [gone]}
states: {phase: [fresh, ready], other: [one, two, last]}
flows:
  - {flow: client -> gate, ids: 1-99, states: phase}
  - {flow: gate -> client, ids: 100-199}
  - {flow: gate -> game, ids: 200-299}
  - {flow: game -> gate, ids: 300-399}
  - {flow: game -> db, ids: 400-499}
consts: {SIZE: 4}
enums: {mood: {type: u8, values: {CALM: 0, ANGRY: 1}}}
flags: {keys: {type: u8, bits: {UP: 0}}}
structs: {card: {fields: [level: u8]}}
unions: {thing: {tag: u8, cases: {none: 0, card: {tag: 1, type: card}}}}
packets:
  ask:
    id: 1
    flow: client -> gate
    states: [fresh]
    rate: {per_sec: 5, burst: 9, over: drop}
    reply: tell
    fields:
      - place: u8
      - mood: mood
      - keys: keys
      - thing: thing
      - last: {type: u8, since: 2, default: 1}
  tell: {id: 100, flow: gate -> client, latest: entity, fields: [entity: u64]}
  query: {id: 200, flow: gate -> game, fields: [correlation: u64]}
  result: {id: 300, flow: game -> gate, fields: [correlation: u64]}
"""

CHANGES = [
    ("frame_max: 1024", "frame_max: 2048", "fine: frame_max is 2048, and was 1024"),
    ("version: 3", "version: 4", "fine: the version is 4; 3 was released"),
    ("ids: [9]", "ids: [9, 11-12]", "fine: reserved now: 0x000b-0x000c"),
    ("names: [gone]", "names: [gone, lost]", "fine: reserved now: `lost`"),
    ("[fresh, ready]", "[fresh, ready, late]", "fine: the state `late` of `phase` is new"),
    ("[one, two, last]", "[one, three, two, last]",
     "fine: the state `three` of `other` is new"),
    ("[one, two, last]", "[one, last, two]", "fine: the states of `other` stand in another order"),
    ("other: [one, two, last]", "other: [one, two, last], more: [x]",
     "fine: the state machine `more` is new"),
    (", other: [one, two, last]", "", "PB306: the state machine `other` is gone"),
    ("100-199}", "100-199, states: other}",
     "PB211: gate -> client has the states of `other`, and had those of `nothing`"),
    ("ids: 1-99", "ids: 1-98", "fine: the ids of client -> gate are 0x0001-0x0062, and were "
                               "0x0001-0x0063"),
    ("  - {flow: game -> db, ids: 400-499}\n", "",
     "fine: the flow game -> db is gone"),
    ("400-499}", "400-499}\n  - {flow: db -> game, ids: 500-509}",
     "fine: the flow db -> game is new"),
    ("SIZE: 4", "SIZE: 4, MORE: 5", "fine: the constant `MORE` is new"),
    ("enums: {", "enums: {more: {type: u8, values: {A: 0}}, ", "fine: the type `more` is new"),
    ("flags: {", "flags: {more: {type: u8, bits: {A: 0}}, ", "fine: the type `more` is new"),
    ("structs: {", "structs: {more: {fields: [a: u8]}, ", "fine: the type `more` is new"),
    ("unions: {", "unions: {more: {tag: u8, cases: {a: 0}}, ", "fine: the type `more` is new"),
    ("enums: {mood: {", "enums: {mood: {deprecated: true, ", "fine: `mood` is deprecated"),
    ("ANGRY: 1", "ANGRY: {value: 1, deprecated: be kind}",
     "fine: `ANGRY` of `mood` is deprecated: be kind"),
    ("UP: 0", "UP: {bit: 0, deprecated: true}", "fine: `UP` of `keys` is deprecated"),
    ("flags: {keys: {", "flags: {keys: {deprecated: x, ", "fine: `keys` is deprecated: x"),
    ("structs: {card: {", "structs: {card: {deprecated: x, ", "fine: `card` is deprecated: x"),
    ("unions: {thing: {", "unions: {thing: {deprecated: x, ", "fine: `thing` is deprecated: x"),
    ("none: 0", "none: {tag: 0, deprecated: x}", "fine: `none` of `thing` is deprecated: x"),
    ("place: u8", "place: {type: u8, deprecated: x}", "fine: `place` of `ask` is deprecated: x"),
    ("place: u8", "place: {type: u8, secret: true}", "fine: `place` of `ask` is secret now"),
    ("default: 1", "default: 2", "PB209: `last` of `ask` has another default"),
    ("tell: {id", "tell: {deprecated: x, id", "fine: `tell` is deprecated: x"),
    ("latest: entity, ", "", "fine: each `tell` is sent, no longer only the newest"),
    ("    states: [fresh]\n", "", "fine: `ask` is legal in all states"),
    ("states: [fresh]", "states: [fresh, ready]", "fine: `ask` is now legal in `ready`, too"),
    ("over: drop", "over: delay", "fine: the rate of `ask` is 5 per second, burst 9, over delay"),
    ("    reply: tell\n", "", "PB206: `ask` is answered by `nothing`, and was by `tell`"),
    ("gate -> game, fields", "gate -> game, reply: result, fields",
     "PB307: `query` is now answered by `result`"),
    ("gate -> game, fields", "gate -> game, tail: skip, fields",
     "fine: what follows the fields of `query` is now skipped"),
]


def said(change: Change) -> str:
    return f"{change.rule.value if change.rule else 'fine'}: {change.text}"


@pytest.mark.parametrize(("old", "new", "text"), CHANGES, ids=[text for *_, text in CHANGES])
def test_change_is_listed(tmp_path: Path, old: str, new: str, text: str) -> None:
    """Of a lock file and of the YAML itself, there and back."""
    assert TEXT.count(old) == 1
    then, now = program_of(tmp_path, TEXT), program_of(tmp_path, TEXT.replace(old, new))
    assert then.protocols[0].schema_hash != now.protocols[0].schema_hash
    released = against.released_of(then)
    locked = {name: lock.parse(lock.render(one.protocol, one.retired), tmp_path)
              for name, one in released.items()}
    for before in (released, locked):
        assert [said(change) for change in compare.compare(against.Then(before), now)] == [text]
        assert compare.compare(against.Then(before), then) == []
    assert "reserved" in text or compare.compare(against.Then(against.released_of(now)), then)


def test_states_that_a_flow_has_no_more_are_listed(tmp_path: Path) -> None:
    text = TEXT.replace("    states: [fresh]\n", "")
    then = against.Then(against.released_of(program_of(tmp_path, text)))
    now = program_of(tmp_path, text.replace(", states: phase", ""))
    assert [said(change) for change in compare.compare(then, now)] == [
        "fine: client -> gate has no states any more, and had those of `phase`"]


def test_answer_of_a_client_flow_breaks_no_sources(tmp_path: Path) -> None:
    text = TEXT.replace("    reply: tell\n", "")
    then = against.Then(against.released_of(program_of(tmp_path, text)))
    assert [said(change) for change in compare.compare(then, program_of(tmp_path, TEXT))] == [
        "fine: `ask` is now answered by `tell`"]


def test_lock_keeps_what_is_deprecated(tmp_path: Path) -> None:
    text = TEXT.replace("ANGRY: 1", "ANGRY: {value: 1, deprecated: be kind}").replace(
        "UP: 0", "UP: {bit: 0, deprecated: true}").replace(
        "none: 0", "none: {tag: 0, deprecated: x}").replace(
        "structs: {card: {", "structs: {card: {deprecated: y, ").replace(
        "tell: {id", "tell: {deprecated: z, id")
    [protocol] = program_of(tmp_path, text).protocols
    rendered = lock.render(protocol, against.retired_of(protocol))
    back = lock.parse(rendered, tmp_path)
    assert lock.render(back.protocol, back.retired) == rendered
    assert compare.compare(against.Then({"demo": back}), program_of(tmp_path, text)) == []


def test_protocol_that_is_new_is_listed(tmp_path: Path) -> None:
    then = against.released_of(program_of(tmp_path, TEXT))
    text = TEXT.replace("protocol: demo", "protocol: demo\nimport: [more.yaml]")
    now = program_of(tmp_path, text, more="protocol: more\nversion: 1\n")
    assert "fine: the protocol `more` is new" in {
        said(change) for change in compare.compare(against.Then(then), now)}
    assert "fine: the protocol `more` is new" not in {
        said(change) for change in compare.compare(against.Then(then, complete=False), now)}


def test_command_shows_changes_to_people_and_tools(tmp_path: Path) -> None:
    main = tmp_path / "main.yaml"
    main.write_text(TEXT)
    assert pcgen("release", main).returncode == 0
    assert pcgen("diff", main).stdout == "nothing changed\n"
    assert json.loads(pcgen("diff", "--format", "json", main).stdout)["changes"] == []
    main.write_text(TEXT.replace("place: u8", "place: u16").replace("1024", "2048"))
    result = pcgen("diff", main)
    assert result.returncode == 0 and result.stdout == (
        "fine         demo: frame_max is 2048, and was 1024\n"
        "WIRE   PB112 demo: `place` of `ask` is u16, and was released as u8\n")
    fine, wire = json.loads(pcgen("diff", "--format", "json", main).stdout)["changes"]
    assert (fine["class"], fine["code"], fine["item"], fine["line"]) == ("fine", "", "", 1)
    assert wire == {
        "code": "PB112", "class": "WIRE", "protocol": "demo", "item": "ask", "member": "place",
        "message": "`place` of `ask` is u16, and was released as u8", "file": str(main),
        "line": 26, "column": 9}


def test_project_has_changed_nothing_since_its_release() -> None:
    """Against one file of them, the other protocols are neither gone nor new."""
    released = ROOT / "protocol" / "released"
    result = pcgen("diff", "--against", released / "client-1.lock.json")
    assert result.stdout == "nothing changed\n", result.stdout + result.stderr
