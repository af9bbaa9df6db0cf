"""Every code is explained, and what the explanation calls wrong and right is so."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import pcgen

from pcgen import explain, pipeline
from pcgen.codes import Code
from pcgen.explain import Explanation

ALL = explain.load()
ERRORS = [one for one in ALL.values() if one.code.startswith("PG")]
# Not shown by a small file: it cannot be read, or has dozens of structs or packets.
WITHOUT = {Code.UNREADABLE.value, Code.NESTING.value, Code.RATES_MANY.value}


def codes_of(one: Explanation, which: str, folder: Path) -> set[str]:
    for name, text in one.files_of(which).items():
        (folder / name).write_text(text, encoding="utf-8")
    main = folder / "main.yaml"
    main.write_text(one.examples[which].complete(), encoding="utf-8")
    return {error.code.value for error in pipeline.compile_files([main]).sink.sorted()}


def test_every_error_is_explained() -> None:
    assert {one.code for one in ERRORS} == {code.value for code in Code}


@pytest.mark.parametrize("one", ERRORS, ids=[one.code for one in ERRORS])
def test_examples_are_wrong_and_right(one: Explanation, tmp_path: Path) -> None:
    assert one.title
    if one.code in WITHOUT:
        assert one.text and not one.examples
        return
    assert codes_of(one, "wrong", tmp_path) == {one.code}
    assert codes_of(one, "right", tmp_path) == set()


def test_explain_shows_text_and_examples() -> None:
    shown = pcgen("explain", "pg0102").stdout
    assert shown.startswith("PG0102: a key stands twice in one mapping\n\n")
    assert "wrong:\n\n    consts: {A: 1, A: 2}\n" in shown
    assert "right:\n\n    consts: {A: 1, B: 2}\n" in shown


def test_unknown_code_is_refused_with_a_hint() -> None:
    result = pcgen("explain", "PG0199")
    assert result.returncode == 1
    assert "there is no code `PG0199`; did you mean `PG" in result.stderr


def test_without_a_code_all_are_listed() -> None:
    lines = pcgen("explain").stdout.splitlines()
    assert [line.split("  ")[0] for line in lines] == list(ALL)
