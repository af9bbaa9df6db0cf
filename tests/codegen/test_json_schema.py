"""The JSON Schema that editors read: current, right about the project's files, and not blind."""

from __future__ import annotations

import json
import os
from pathlib import Path

import jsonschema
import pytest
import yaml
from support import CASES, ROOT, golden_inputs, pcgen, protocol_inputs

from pcgen import grammar, json_schema, key_docs

FILE = ROOT / json_schema.PATH
GOOD = [*protocol_inputs(), *golden_inputs(), ROOT / "tests/generated/wide/wide.yaml"]
# What can be seen without knowing what a name stands for; of some codes only these cases.
SEEN = ("PG0103", "PG0104", "PG0105", "PG0108_boolean_value", "PG0109_no_number", "PG0111",
        "PG0113", "PG0114", "PG0201", "PG0203", "PG0401_string", "PG0401_type", "PG0406", "PG0409",
        "PG0411", "PG0414", "PG0417", "PG0422", "PG0608", "PG0614")
MUST_FAIL = sorted(path for path in CASES.glob("PG*.yaml") if path.name.startswith(SEEN))


def mistakes(path: Path) -> list[str]:
    validator = jsonschema.Draft7Validator(json.loads(FILE.read_text(encoding="utf-8")))
    return [error.message for error in
            validator.iter_errors(yaml.safe_load(path.read_text(encoding="utf-8")))]


def test_committed_file_is_current() -> None:
    """If not: ./scripts/pcgen schema --out codegen/schema/portcullis.schema.json"""
    assert FILE.read_text(encoding="utf-8") == json_schema.render()
    assert pcgen("schema", "--check").returncode == 0


def test_schema_is_a_schema() -> None:
    jsonschema.Draft7Validator.check_schema(json.loads(FILE.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", GOOD, ids=[path.stem for path in GOOD])
def test_right_files_are_valid(path: Path) -> None:
    assert mistakes(path) == []


@pytest.mark.parametrize("path", MUST_FAIL, ids=[path.stem for path in MUST_FAIL])
def test_mistakes_of_form_are_seen(path: Path) -> None:
    assert mistakes(path)


def test_every_kind_of_mistake_has_a_case() -> None:
    assert all(any(path.name.startswith(seen) for path in MUST_FAIL) for seen in SEEN)


def test_every_key_is_described() -> None:
    described = {key for _, key in key_docs.DOCS}
    assert described == {key for keys in grammar.ALL for key in keys.all}


@pytest.mark.parametrize("path", protocol_inputs(), ids=[path.stem for path in protocol_inputs()])
def test_files_name_it_in_their_first_line(path: Path) -> None:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    relative = os.path.relpath(FILE, path.parent)
    assert first == f"# yaml-language-server: $schema={relative}"
