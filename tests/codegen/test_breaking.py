"""What breaks peers is found, what does not is let through: each rule by its explanation's
examples, further cases here, and random changes against the hashes."""

from __future__ import annotations

import json
import random
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from support import FLOWS, HEAD, ROOT, compile_text, golden_inputs, pcgen, protocol_inputs

from pcgen import explain, fingerprint, ir, pipeline
from pcgen.compat import against, compare, lock
from pcgen.compat.lock import Retired
from pcgen.compat.rules import Class, Rule
from pcgen.explain import Explanation

ALL = [one for one in explain.load().values() if one.code.startswith("PB")]
SHOWN = [one for one in ALL if one.code != Rule.HASH_CHANGED.value]
WIDE = ROOT / "tests" / "generated" / "wide" / "wide.yaml"


def program(folder: Path, text: str) -> ir.Program:
    compiled = compile_text(folder, text)
    assert compiled.program is not None, compiled.sink.render()
    return compiled.program


def broken(folder: Path, old: str, new: str) -> list[str]:
    """The rules that a change of text breaks; the old one has been through a lock file."""
    then = {name: lock.parse(lock.render(one.protocol, one.retired), folder)
            for name, one in against.released_of(program(folder, old)).items()}
    return sorted({change.rule.value for change in compare.compare(then, program(folder, new))
                   if change.rule})


def test_every_rule_is_explained() -> None:
    assert {one.code for one in ALL} == {rule.value for rule in Rule}


@pytest.mark.parametrize("one", SHOWN, ids=[one.code for one in SHOWN])
def test_examples_break_the_rule_and_do_not(one: Explanation, tmp_path: Path) -> None:
    before, wrong, right = (one.examples[key].complete() for key in ("before", "wrong", "right"))
    allowed = {one.allowed} - {""}
    assert set(broken(tmp_path, before, wrong)) - allowed == {one.code}
    assert set(broken(tmp_path, before, right)) - allowed == set()
    assert broken(tmp_path, before, before) == []


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
]


@pytest.mark.parametrize(("old", "new", "rules"), FIELDS)
def test_change_of_fields_breaks(tmp_path: Path, old: str, new: str, rules: list[str]) -> None:
    assert broken(tmp_path, ONE % old, ONE % new) == rules


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
    """Random edits of a file: if a released hash changes there is a WIRE rule; if none is broken
    it stays. So no edit slips through, and none is refused without a reason."""
    text = WIDE.read_text(encoding="utf-8")
    old = against.released_of(program(tmp_path, text))
    chance = random.Random(20261)
    tried = 0
    for _ in range(150):
        new = compile_text(tmp_path, mutated(text, chance)).program
        if new is None:
            continue
        tried += 1
        [protocol] = new.protocols
        [then] = [one.protocol for one in old.values()]
        wire = any(change.rule and change.rule.of is Class.WIRE and change.rule not in (
            Rule.ID_NOT_RESERVED, Rule.NAME_NOT_RESERVED)
            for change in compare.compare(old, new))
        same = all(fingerprint.canonical(protocol.packets, version)
                   == fingerprint.canonical(then.packets, version)
                   for version in range(1, then.version + 1))
        assert wire or same
    assert tried > 40


def mutated(text: str, chance: random.Random) -> str:
    """One line gone, doubled under another name, moved, or with another number in it."""
    lines = text.splitlines(keepends=True)
    at = chance.randrange(8, len(lines) - 1)
    match chance.randrange(4):
        case 0:
            del lines[at]
        case 1:
            lines[at], lines[at + 1] = lines[at + 1], lines[at]
        case 2:
            lines[at] = "".join(str(chance.randrange(1, 10)) if char.isdigit() else char
                                for char in lines[at])
        case _:
            old, new = chance.choice([("u8", "u16"), ("u16", "u32"), ("f32", "f64"), ("i8", "u8"),
                                      ("reject", "keep"), ("true", "false"), ("?", "")])
            lines[at] = lines[at].replace(old, new)
    return "".join(lines)


# ---- the commands ----

V1 = ONE % "a: u8"


def test_release_freezes_and_breaking_compares(tmp_path: Path) -> None:
    main = tmp_path / "main.yaml"
    main.write_text(V1)
    made = pcgen("release", main)
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "released" / "demo-2.lock.json").exists()
    assert pcgen("breaking", main).stdout == "nothing breaks\n"
    assert "as it was released" in pcgen("release", main).stdout
    main.write_text(ONE % "a: u16")
    result = pcgen("breaking", main)
    assert result.returncode == 1
    assert f"{main}:7:47: error PB112: WIRE: `a` of `ask` is u16, and was released as u8" in (
        result.stderr)
    assert result.stderr.endswith("1 breaking change\n")
    assert pcgen("breaking", "--allow", "PB112", main).returncode == 0
    assert pcgen("breaking", "--allow", "wire", main).returncode == 0
    refused = pcgen("release", main)
    assert refused.returncode == 1 and "nothing was released" in refused.stderr
    assert '"type": "u8"' in (tmp_path / "released" / "demo-2.lock.json").read_text()


def test_protocol_breaks_nobody_who_has_the_release() -> None:
    """If it must: ./scripts/pcgen release --allow PB112 (or the rule that you mean to break)."""
    result = pcgen("breaking", "--against", ROOT / "protocol" / "released", *protocol_inputs())
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("readme", ["README.md", "README.ko.md"])
def test_packets_of_the_readme_break_nobody_and_have_no_warning(
    tmp_path: Path, readme: str
) -> None:
    """Its five steps end in the tests, which hold the protocol to both."""
    shutil.copytree(ROOT / "protocol", tmp_path / "protocol")
    text = (ROOT / readme).read_text(encoding="utf-8")
    example = text[text.index("```yaml\n") + len("```yaml\n") :].split("   ```", 1)[0]
    client = tmp_path / "protocol" / "gate_client.yaml"
    yaml = client.read_text(encoding="utf-8").replace("\nversion: 1\n", "\nversion: 2\n")
    added = re.sub("(?m)^   ", "", example)
    client.write_text(yaml.rstrip() + "\n" + added, encoding="utf-8")
    inputs = sorted((tmp_path / "protocol").glob("*.yaml"))
    for command in (["breaking", "--against", tmp_path / "protocol" / "released"], ["lint"]):
        result = pcgen(*command, *inputs)
        assert result.returncode == 0, result.stdout + result.stderr


def test_sources_alone_are_a_warning_unless_strict(tmp_path: Path) -> None:
    main = tmp_path / "main.yaml"
    main.write_text(V1)
    pcgen("release", main)
    main.write_text(ONE % "b: u8")
    result = pcgen("breaking", main)
    assert result.returncode == 0 and "warning PB302: SOURCE" in result.stderr
    assert pcgen("breaking", "--strict", main).returncode == 1
    found = json.loads(pcgen("breaking", "--format", "json", main).stdout)["findings"]
    assert [(one["code"], one["severity"]) for one in found] == [("PB302", "warning")]


def test_what_is_gone_is_retired_for_good(tmp_path: Path) -> None:
    main = tmp_path / "main.yaml"
    main.write_text(V1)
    assert pcgen("release", main).returncode == 0
    main.write_text(FLOWS.replace("version: 1", "version: 3")
                    + "reserved: {ids: [1], names: [ask]}\n")
    assert pcgen("release", "--allow", "PB101", main).returncode == 0
    text = V1.replace("version: 2", "version: 4")
    main.write_text(text.replace("id: 1,", "id: 1, since: 4,"))
    result = pcgen("breaking", main)
    assert "error PB107" in result.stderr and "error PB108" in result.stderr


def test_against_takes_a_revision_of_git(tmp_path: Path) -> None:
    folder = tmp_path / "repo" / "proto"
    shutil.copytree(ROOT / "protocol", folder, ignore=shutil.ignore_patterns("*.txt", "released"))

    def git(*words: str) -> None:
        subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@t", *words],
                       cwd=tmp_path / "repo", check=True, capture_output=True)

    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "one")
    paths = sorted(folder.glob("*.yaml"))
    assert pcgen("breaking", "--against", "HEAD", *paths).stdout == "nothing breaks\n"
    client = folder / "gate_client.yaml"
    client.write_text(client.read_text().replace("ECHO_TEXT_MAX: 512", "ECHO_TEXT_MAX: 511"))
    result = pcgen("breaking", "--against", "HEAD", *paths)
    assert result.returncode == 1
    assert result.stderr.count("error PB113") == 2 and result.stderr.count("PB305") == 2
    shown = pcgen("diff", "--against", "HEAD", *paths)
    assert shown.returncode == 0
    assert "WIRE   PB113 client: the bound of `text` of `echo_request` is 511, and was 512" in (
        shown.stdout.splitlines())
    unknown = pcgen("breaking", "--against", "nowhere", *paths)
    assert unknown.returncode == 1 and "is no lock file or folder, and git says" in unknown.stderr


@pytest.mark.parametrize("text", ["", "{}", '{"format": 2}', "[1]", '{"format": 1}'])
def test_file_that_is_no_lock_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.lock.json"
    path.write_text(text)
    result = pcgen("breaking", "--against", path, *golden_inputs())
    assert result.returncode == 1 and f"pcgen: {path}: " in result.stderr
