"""The formats of findings: for people, and for the programs that read them."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from support import HEAD, ROOT, pcgen

# What SARIF 2.1.0 demands of the parts that are used here, and that nothing else is there.
SARIF: dict[str, object] = {
    "type": "object", "required": ["version", "runs"], "additionalProperties": False,
    "properties": {
        "$schema": {"type": "string", "format": "uri"}, "version": {"const": "2.1.0"},
        "runs": {"type": "array", "items": {
            "type": "object", "required": ["tool"], "additionalProperties": False,
            "properties": {
                "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                "tool": {"type": "object", "required": ["driver"], "properties": {"driver": {
                    "type": "object", "required": ["name"], "properties": {"rules": {
                        "type": "array", "uniqueItems": True, "items": {
                            "type": "object", "required": ["id"],
                            "additionalProperties": False, "properties": {
                                "id": {"type": "string"},
                                "shortDescription": {"type": "object", "required": ["text"]},
                                "help": {"type": "object", "required": ["text"]}}}}}}}},
                "results": {"type": "array", "items": {
                    "type": "object", "required": ["message"], "additionalProperties": False,
                    "properties": {
                        "ruleId": {"type": "string"},
                        "ruleIndex": {"type": "integer", "minimum": 0},
                        "level": {"enum": ["none", "note", "warning", "error"]},
                        "message": {"type": "object", "required": ["text"]},
                        "locations": {"type": "array", "items": {
                            "type": "object", "required": ["physicalLocation"],
                            "properties": {"physicalLocation": {
                                "type": "object", "required": ["artifactLocation", "region"],
                                "properties": {"region": {
                                    "type": "object", "required": ["startLine"],
                                    "additionalProperties": False,
                                    "properties": {name: {"type": "integer", "minimum": 1} for name
                                                   in ("startLine", "startColumn", "endColumn")},
                                }}}}}}}}}}}}}}


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    path = tmp_path / "wrong, a.yaml"
    path.write_text(HEAD + "consts: {A: five}\nstructs:\n  s: {fields: [a: u33]}\n")
    return path


def test_json_has_places_and_hints(wrong: Path) -> None:
    result = pcgen("check", "--format", "json", wrong.name, cwd=wrong.parent)
    assert result.returncode == 1 and result.stderr == ""
    [finding] = json.loads(result.stdout)["findings"]
    assert finding == {
        "code": "PG0109", "severity": "error", "file": "wrong, a.yaml", "line": 3, "column": 13,
        "end_column": 17, "message": "the constant `A`: `five` is not a number",
        "hint": "write a decimal number or 0x and hexadecimal digits"}


def test_nothing_wrong_is_said_in_the_format_too(tmp_path: Path) -> None:
    path = tmp_path / "good.yaml"
    path.write_text(HEAD)
    assert json.loads(pcgen("check", "--format", "json", path).stdout)["findings"] == []
    assert pcgen("check", "--format", "github", path).stdout == ""
    sarif = json.loads(pcgen("check", "--format", "sarif", path).stdout)
    jsonschema.validate(sarif, SARIF)
    assert sarif["runs"][0]["results"] == []


def test_github_escapes_what_would_end_a_property(wrong: Path) -> None:
    result = pcgen("check", "--format", "github", wrong.name, cwd=wrong.parent)
    assert result.stdout == (
        "::error file=wrong%2C a.yaml,line=3,col=13,endColumn=17,title=PG0109::"
        "the constant `A`: `five` is not a number%0A"
        "write a decimal number or 0x and hexadecimal digits\n")


def test_sarif_has_the_shape_of_the_standard(wrong: Path) -> None:
    wrong.write_text(wrong.read_text().replace("five", "5") + "  s2: {fields: [b: u34]}\n")
    made = json.loads(pcgen("check", "--format", "sarif", wrong.name, cwd=wrong.parent).stdout)
    jsonschema.validate(made, SARIF)
    [run] = made["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["PG0402"]
    first, second = run["results"]
    assert first["ruleId"] == "PG0402" and first["ruleIndex"] == 0
    where = second["locations"][0]["physicalLocation"]
    assert where["artifactLocation"]["uri"] == "wrong%2C%20a.yaml"
    assert where["region"] == {"startLine": 6, "startColumn": 20, "endColumn": 23}


def on_terminal(path: Path, **environment: str) -> str:
    """What a person at a terminal sees."""
    master, slave = pty.openpty()
    subprocess.run([sys.executable, "-I", "-B", str(ROOT / "codegen" / "pcgen_main.py"), "check",
                    str(path)], stderr=slave, check=False, env={"TERM": "xterm", **environment})
    os.close(slave)
    shown = os.read(master, 65536).decode()
    os.close(master)
    return shown


def test_colours_are_for_terminals_that_want_them(wrong: Path) -> None:
    assert "\x1b[1;31merror PG0109:\x1b[0m" in on_terminal(wrong)
    assert "\x1b" not in on_terminal(wrong, NO_COLOR="1")
    assert "\x1b" not in on_terminal(wrong, TERM="dumb")
    assert "\x1b" not in pcgen("check", wrong).stderr
