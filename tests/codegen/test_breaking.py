"""What breaks peers is found, what does not is let through: each rule by its explanation's
examples, further cases here, and random changes against the hashes."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

import pytest
from support import FLOWS, HEAD, ROOT, compile_text, golden_inputs, protocol_inputs

from pcgen import explain, fingerprint, ir, pipeline
from pcgen.compat import against, compare, lock
from pcgen.compat.lock import Retired
from pcgen.compat.rules import Change, Class, Rule, Trouble
from pcgen.explain import Explanation

ALL = [one for one in explain.load().values() if one.code.startswith("PB")]
SHOWN = [one for one in ALL if one.code not in {
    Rule.HASH_CHANGED.value, *(trouble.value for trouble in Trouble)}]
WIDE = ROOT / "tests" / "generated" / "wide" / "wide.yaml"


def program(folder: Path, text: str) -> ir.Program:
    compiled = compile_text(folder, text)
    assert compiled.program is not None, compiled.sink.render()
    return compiled.program


def broken(folder: Path, old: str, new: str) -> list[str]:
    """The rules that a change of text breaks; the old one has been through a lock file."""
    return sorted({change.rule.value for change in changes(folder, old, new) if change.rule})


def changes(folder: Path, old: str, new: str) -> list[Change]:
    """All of them; the old text has been through a lock file."""
    then = {name: lock.parse(lock.render(one.protocol, one.retired), folder)
            for name, one in against.released_of(program(folder, old)).items()}
    return compare.compare(against.Then(then), program(folder, new))


def test_every_rule_is_explained() -> None:
    assert {one.code for one in ALL} == {rule.value for rule in (*Rule, *Trouble)}


@pytest.mark.parametrize("one", SHOWN, ids=[one.code for one in SHOWN])
def test_examples_break_the_rule_and_do_not(one: Explanation, tmp_path: Path) -> None:
    before, wrong, right = (one.examples[key].complete() for key in ("before", "wrong", "right"))
    allowed = {one.allowed} - {""}
    assert set(broken(tmp_path, before, wrong)) - allowed == {one.code}
    assert set(broken(tmp_path, before, right)) - allowed == set()
    assert broken(tmp_path, before, before) == []
    hashes = [[one.schema_hash for one in program(tmp_path, text).protocols]
              for text in (before, right)]
    assert hashes[0] != hashes[1], "the right example changes nothing"


def test_net_below_the_rules_catches_what_none_of_them_names(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = FLOWS + "packets:\n  ask: {id: 1, flow: client -> gate, fields: [a: u8]}\n"
    assert broken(tmp_path, text, text) == []
    real = compare.fingerprint.canonical
    monkeypatch.setattr(compare.fingerprint, "canonical",
                        lambda packets, version: f"{real(packets, version)} {id(packets)}")
    assert broken(tmp_path, text, text) == [Rule.HASH_CHANGED.value]


PACKET = FLOWS.replace("version: 1", "version: 2") + "packets:\n"
ONE = PACKET + "  ask: {id: 1, flow: client -> gate, fields: [%s]}\n"
FIELDS = [
    ("name: string<8>", "name: string<9>", ["PB114"]),
    ("name: string<8>", "name: string<7>", ["PB113"]),
    ("name: string<8>", "name: bytes<8>", ["PB112"]),
    ("name: string<8>", "name: {type: string<8>, min: 1}", ["PB113"]),
    ("name: {type: string<8>, min: 2}", "name: {type: string<8>, min: 1}", ["PB114"]),
    ("name: string<8>", "name: {type: string<8>, charset: ascii}", ["PB113"]),
    ("name: {type: string<8>, charset: ascii}", "name: string<8>", ["PB114"]),
    ("data: bytes<300>", "data: bytes<255>", ["PB115"]),
    ('items: "u8[<=4]"', 'items: "u8[<=5]"', ["PB114"]),
    ('items: "u8[<=4]"', 'items: "u8[4]"', ["PB112"]),
    ('items: "u8[4]"', 'items: "u8[5]"', ["PB112"]),
    ('items: "u8[4]"', 'items: "i8[4]"', ["PB112"]),
    ("a: u8", "a: u8?", ["PB112"]),
    ("a: u8?", "a: u16?", ["PB112"]),
    ("a: f32", "a: {type: f32, range: [0, 1]}", ["PB113"]),
    ("a: {type: i16, range: [1, 5]}", "a: {type: i16, range: [2, 6]}", ["PB113", "PB114"]),
    ('a: "quant(0, 1, 0.5)"', 'a: "quant(0, 1, 0.25)"', ["PB112"]),
    ('a: "quant(0, 1, 0.5)"', 'a: "quant(0, 1, 0.50)"', []),
    ("a: u8, b: u8, c: u8", "a: u8, c: u8", ["PB109"]),
    ("a: u8, b: u8, c: u8", "a: u8, x: u8, c: u8", ["PB302"]),
    ("a: u8, b: u8", "b: u8, a: u8", ["PB111"]),
    ("a: u8, b: u16", "a: u16, b: u8", ["PB112"]),
    ("a: u8, b: u8", "b: u8", ["PB109"]),
    ("a: u8", "a: u8, b: {type: u8, since: 2, default: 0}", ["PB110"]),
    ("a: u8", "a: {type: u8, secret: true}", []),
    ("a: string<NAME_MAX>", "b: string<NAME_MAX>", ["PB302"]),
    ("a: string<NAME_MAX>", "b: string<16>", ["PB302"]),
    ("a: {type: u8, range: [1, NAME_MAX]}", "b: {type: u8, range: [1, 16]}", ["PB302"]),
    ('a: "u8[<=NAME_MAX]"', 'b: "u8[<=NAME_MAX]"', ["PB302"]),
    ("a: string<NAME_MAX>", "b: string<15>", ["PB109", "PB110"]),
]
CONSTS = "consts: {NAME_MAX: 16}\n"


@pytest.mark.parametrize(("old", "new", "rules"), FIELDS)
def test_change_of_fields_breaks(tmp_path: Path, old: str, new: str, rules: list[str]) -> None:
    assert broken(tmp_path, ONE % old + CONSTS, ONE % new + CONSTS) == rules


def test_field_and_its_enum_may_both_have_other_names(tmp_path: Path) -> None:
    text = ONE % "mood: mood" + "enums: {mood: {type: u8, values: {CALM: 0}}}\n"
    assert broken(tmp_path, text, text.replace("mood", "temper")) == ["PB302", "PB303"]


ENUM = (PACKET + "  ask: {id: 1, flow: client -> gate, fields: [m: m]}\n"
        "enums: {m: {type: u8, values: {%s}}}\n")


@pytest.mark.parametrize(("old", "new", "rules"), [
    ("A: 0, B: 1", "A: 1, B: 0", ["PB119"]),
    ("A: 0, B: 1", "A: 1", ["PB117", "PB119"]),
    ("A: 0, B: 1", "C: 0, B: 1", ["PB304"]),
    ("A: 0, B: 1", "C: 0, A: 1", ["PB117", "PB119"]),
])
def test_numbers_that_change_hands_are_no_new_names(tmp_path: Path, old: str, new: str,
                                                    rules: list[str]) -> None:
    """The hash stays, and each side would take one value for the other."""
    assert broken(tmp_path, ENUM % old, ENUM % new) == rules


def test_packets_that_swap_their_ids_are_not_renamed(tmp_path: Path) -> None:
    text = PACKET + ("  ask: {id: %d, flow: client -> gate, fields: [a: u8]}\n"
                     "  beg: {id: %d, flow: client -> gate, fields: [a: u8]}\n")
    assert broken(tmp_path, text % (1, 2), text % (2, 1)) == ["PB104"]


STATES = (HEAD + "roles: [client, gate]\nstates: {%s}\n"
          "flows: [{flow: client -> gate, ids: 1-99, states: %s}]\n"
          "packets: {ask: {id: 1, flow: client -> gate, %sfields: []}}\n")


@pytest.mark.parametrize(("old", "new", "rules"), [
    (("p: [a, b]", "p", ""), ("p: [a, b, c]", "p", "states: [a, b], "), []),
    (("p: [a, b]", "p", ""), ("p: [a, b, c]", "p", "states: [a], "), ["PB203"]),
    (("p: [a, b]", "p", "states: [a, b], "), ("p: [a, c]", "p", "states: [a, c], "), ["PB306"]),
    (("p: [a, b]", "p", "states: [a], "), ("p: [c, b]", "p", "states: [c], "), ["PB306"]),
    (("p: [a, b]", "p", "states: [b], "), ("p: [a, c]", "p", "states: [a], "),
     ["PB203", "PB306"]),
    (("p: [a, b]", "p", ""), ("q: [a, b]", "q", ""), ["PB306"]),
    (("p: [a, b]", "p", ""), ("q: [b, a]", "q", ""), ["PB211", "PB306"]),
    (("p: [a], q: [a]", "p", ""), ("p: [a], q: [a]", "q", ""), ["PB211"]),
])
def test_change_of_states_breaks(tmp_path: Path, old: tuple[str, str, str],
                                 new: tuple[str, str, str], rules: list[str]) -> None:
    assert broken(tmp_path, STATES % old, STATES % new) == rules


def _ids(folder: Path, aa: str, bb: str) -> ir.Program:
    """Two files with an id range each; the second imports the first."""
    flow = "flows: [{flow: client -> gate, ids: "
    (folder / "aa.yaml").write_text(f"{HEAD}roles: [client, gate]\n{flow}{aa}\n".replace(
        "demo", "aa"))
    (folder / "bb.yaml").write_text(f"{HEAD}import: [aa.yaml]\n{flow}{bb}\n".replace(
        "demo", "bb"))
    compiled = pipeline.compile_files([folder / "aa.yaml", folder / "bb.yaml"])
    assert compiled.program is not None, compiled.sink.render()
    return compiled.program


@pytest.mark.parametrize("then", [
    "1-9}]\nreserved: {ids: [1]}",
    "1-9}]\npackets: {ask: {id: 1, flow: client -> gate, fields: []}}"])
def test_id_of_another_file_is_not_used_again(tmp_path: Path, then: str) -> None:
    old = against.released_of(_ids(tmp_path, then, "11-19}]"))
    new = _ids(tmp_path, "21-29}]\nreserved: {ids: [1], names: [ask]}", (
        "1-9}]\npackets: {beg: {id: 1, flow: client -> gate, fields: []}}"))
    for protocols in (old, {"aa": old["aa"]}):  # bb may never have been released
        found = compare.compare(against.Then(protocols), new)
        [one] = [change for change in found if change.rule is Rule.ID_RETIRED]
        assert (one.where.protocol, one.where.item) == ("bb", "beg")


def test_packet_that_moves_to_another_file_takes_its_id_along(tmp_path: Path) -> None:
    packet = "1-9}]\npackets: {ask: {id: 1, flow: client -> gate, fields: []}}"
    old = against.released_of(_ids(tmp_path, packet, "11-19}]"))
    found = compare.compare(against.Then(old), _ids(tmp_path, "21-29}]", packet))
    assert Rule.ID_RETIRED not in {change.rule for change in found}


UNION = (PACKET + "  ask: {id: 1, flow: client -> gate, fields: [t: t]}\n"
         "unions: {t: {tag: %s, cases: {%s}}}\n")


@pytest.mark.parametrize(("old", "new", "rules"), [
    (("u8", "a: 0, b: {tag: 1, type: u8}"), ("u16", "a: 0, b: {tag: 1, type: u8}"), ["PB116"]),
    (("u8", "a: 0, b: {tag: 1, type: u8}"), ("u8", "a: 0, b: {tag: 1, type: u16}"), ["PB112"]),
    (("u8", "a: 0, b: {tag: 1, type: u8}"), ("u8", "a: 0, b: 1"), ["PB112"]),
    (("u8", "a: 0, b: 1"), ("u8", "a: 0"), ["PB117"]),
    (("u8", "a: 0, b: 1"), ("u8", "a: 0, b: 2"), ["PB119"]),
    (("u8", "a: 0, b: 1"), ("u8", "a: 0, c: 1"), ["PB304"]),
    (("u8", "a: 0"), ("u8", "a: 0, b: 1"), ["PB118"]),
])
def test_change_of_unions_breaks(tmp_path: Path, old: tuple[str, str], new: tuple[str, str],
                                 rules: list[str]) -> None:
    assert broken(tmp_path, UNION % old, UNION % new) == rules


def test_enum_that_keeps_what_it_does_not_know_may_grow(tmp_path: Path) -> None:
    text = (PACKET + "  ask: {id: 1, flow: client -> gate, fields: [m: m]}\n"
            "enums: {m: {type: u8, unknown: keep, values: {A: 0%s}}}\n")
    assert broken(tmp_path, text % "", text % ", B: 1") == []


def test_new_flow_and_looser_policy_are_fine(tmp_path: Path) -> None:
    flows = "flows: [{flow: gate -> game, ids: 1-9}, {flow: game -> gate, ids: 1-9}]\n"
    head = HEAD + "roles: [client, gate, game]\n" + flows
    old = head + "packets: {ask: {id: 1, flow: gate -> game, rate: {per_sec: 1}, fields: []}}\n"
    new = head + "packets: {ask: {id: 1, flow: [gate -> game, game -> gate], fields: []}}\n"
    assert broken(tmp_path, old, new) == []
    assert broken(tmp_path, new, old) == ["PB201", "PB204"]


@pytest.mark.parametrize("paths", [protocol_inputs(), golden_inputs(), [WIDE]],
                         ids=["protocol", "golden", "wide"])
def test_lock_holds_layout_and_hashes(paths: list[Path]) -> None:
    """What is read back has the hashes and sizes of what was written."""
    compiled = pipeline.compile_files(paths)
    assert compiled.program is not None
    for protocol in compiled.program.protocols:
        text = lock.render(protocol, Retired((7,), ("gone",)))
        back = lock.parse(text, Path("x"))
        assert fingerprint.compat_hashes(protocol.name, back.protocol.packets) == protocol.hashes
        assert [packet.frame for packet in back.protocol.packets] == [
            packet.frame for packet in protocol.packets]
        assert back.retired == Retired((7,), ("gone",))
        assert lock.render(back.protocol, back.retired) == text
        assert json.loads(text)["compat_hashes"]


def test_hash_changes_only_with_a_wire_rule(tmp_path: Path) -> None:
    """Random edits of a file: if a released hash changes, a WIRE rule says why. The net below the
    rules is no reason, nor is what was not reserved."""
    text = WIDE.read_text(encoding="utf-8")
    then = against.released_of(program(tmp_path, text))
    [old] = [one.protocol for one in then.values()]
    chance = random.Random(20261)
    reasons: set[Rule] = set()
    for _ in range(300):
        edited = mutated(text, chance)
        new = compile_text(tmp_path, edited).program
        if new is None or all(fingerprint.canonical(new.protocols[0].packets, version)
                              == fingerprint.canonical(old.packets, version)
                              for version in range(1, old.version + 1)):
            continue
        found = {change.rule for change in compare.compare(against.Then(then), new)
                 if change.rule and change.rule.of is Class.WIRE}
        found -= {Rule.ID_NOT_RESERVED, Rule.NAME_NOT_RESERVED, Rule.HASH_CHANGED}
        assert found, edited
        reasons |= found if len(found) == 1 else set()
    assert len(reasons) >= 8, "the edits are too much alike for this to mean anything"


def mutated(text: str, chance: random.Random) -> str:
    """One line gone, doubled under another name, moved, or with another number in it."""
    lines = text.splitlines(keepends=True)
    at = chance.randrange(8, len(lines) - 1)
    match chance.randrange(5):
        case 0:
            del lines[at]
        case 1:
            lines[at], lines[at + 1] = lines[at + 1], lines[at]
        case 2:
            number = str(chance.randrange(10, 100))
            lines.insert(at, re.sub(r"(\w+):( ?\d*)", lambda match: f"{match[1]}_x:" + (
                f" {number}" if match[2].strip() else match[2]), lines[at], count=1))
        case 3:
            lines[at] = "".join(str(chance.randrange(1, 10)) if char.isdigit() else char
                                for char in lines[at])
        case _:
            old, new = chance.choice([("u8", "u16"), ("u16", "u32"), ("f32", "f64"), ("i8", "u8"),
                                      ("reject", "keep"), ("true", "false"), ("?", "")])
            lines[at] = lines[at].replace(old, new)
    return "".join(lines)
