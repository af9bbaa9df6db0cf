"""Lint: each rule by its explanation's examples, and the project's own files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support import pcgen, protocol_inputs

from pcgen import explain, lint, pipeline
from pcgen.explain import Explanation
from pcgen.lint import Rule

ALL = [one for one in explain.load().values() if one.code.startswith("PL")]
# The small examples have flows and states that nothing uses.
BESIDE = {Rule.UNUSED_FLOW.value, Rule.UNUSED_STATE.value, Rule.SCHEMA_LINE.value,
          Rule.UNUSED_TYPE.value, Rule.UNUSED_CONST.value, Rule.RATE.value, Rule.STATES.value,
          Rule.DOC.value}


def found(one: Explanation, which: str, folder: Path) -> set[str]:
    for name, text in one.files_of(which).items():
        (folder / name).write_text(text, encoding="utf-8")
    main = folder / "main.yaml"
    main.write_text(one.examples[which].complete(), encoding="utf-8")
    compiled = pipeline.compile_files([main])
    assert compiled.program is not None, compiled.sink.render()
    return {finding.code.value for finding in lint.run(compiled)
            if finding.span.file.path == main}


def test_every_rule_is_explained() -> None:
    assert {one.code for one in ALL} == {rule.value for rule in Rule}


@pytest.mark.parametrize("one", ALL, ids=[one.code for one in ALL])
def test_examples_break_the_rule_and_do_not(one: Explanation, tmp_path: Path) -> None:
    wrong, right = (found(one, which, tmp_path) for which in ("wrong", "right"))
    assert one.code in wrong and wrong - {one.code} <= BESIDE
    assert one.code not in right and right <= BESIDE


def test_files_of_the_project_have_no_warnings() -> None:
    result = pcgen("lint", *protocol_inputs())
    assert result.returncode == 0, result.stderr
    assert result.stderr.startswith("0 warnings, ")


TEXT = ("protocol: demo\nversion: 1\nroles: [client, gate]\n"
        "flows: [{flow: client -> gate, ids: 1-9}]\n"
        "packets:\n  ask: {id: 1, flow: client -> gate, doc: Ask., fields: []}\n")


def test_comment_lets_a_rule_pass_there(tmp_path: Path) -> None:
    main = tmp_path / "main.yaml"
    main.write_text(TEXT)
    result = pcgen("lint", main)
    assert result.returncode == 1
    assert f"{main}:6:3: warning PL101: nothing limits how often" in result.stderr
    assert result.stderr.endswith("1 warning, 1 note (--notes shows them)\n")
    main.write_text(TEXT.replace("fields: []}", "fields: []} # pcgen: allow PL101 it is cheap"))
    assert pcgen("lint", main).returncode == 0
    main.write_text(TEXT.replace("  ask:", "  # pcgen: allow PL200, PL101\n  ask:"))
    assert pcgen("lint", main).returncode == 0
    main.write_text(TEXT.replace("  ask:", "  # pcgen: allow PL200\n  ask:"))
    assert pcgen("lint", main).returncode == 1


def test_notes_are_shown_and_fail_if_asked(tmp_path: Path) -> None:
    main = tmp_path / "main.yaml"
    main.write_text(TEXT.replace("doc: Ask.,", "rate: {per_sec: 1},"))
    assert pcgen("lint", main).returncode == 0
    shown = pcgen("lint", "--notes", "--format", "json", main)
    assert shown.returncode == 0
    assert [one["code"] for one in json.loads(shown.stdout)["findings"]] == ["PL206", "PL201"]
    assert pcgen("lint", "--strict", main).returncode == 1
