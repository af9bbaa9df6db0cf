"""Every error has a file that provokes it, and says where: cases/PG0123_name.yaml begins with
`# expect: file:line:column: error PG0123`."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import CASES, pcgen

from pcgen import pipeline
from pcgen.codes import Code

FILES = sorted(CASES.glob("PG*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_case_gives_exactly_its_error(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CASES)
    expected = path.read_bytes().splitlines()[0].decode().removeprefix("# expect: ")
    compiled = pipeline.compile_files([Path(path.name)])
    printed = [error.render().splitlines()[0] for error in compiled.sink.sorted()]
    assert len(printed) == 1, printed
    assert printed[0].startswith(expected + ": "), printed[0]
    assert path.name.startswith(compiled.sink.sorted()[0].code.value)
    assert compiled.program is None


def test_every_code_has_a_case() -> None:
    have = {path.stem.split("_")[0] for path in FILES}
    assert have == {code.value for code in Code}


def test_missing_file_is_an_error(tmp_path: Path) -> None:
    result = pcgen("check", tmp_path / "nowhere.yaml")
    assert result.returncode == 1
    assert f"{tmp_path}/nowhere.yaml:1:1: error {Code.UNREADABLE.value}: " in result.stderr


def test_byte_that_is_not_utf8_is_shown_in_its_line(tmp_path: Path) -> None:
    """Also behind a byte order mark, which has no column."""
    path = tmp_path / "latin.yaml"
    path.write_bytes(b"\xef\xbb\xbfprotocol: p\r\ndoc: a\xe9\r\n")
    said = pcgen("check", path).stderr
    assert f"{path}:2:7: error {Code.UNREADABLE.value}: the file is not UTF-8 (byte 0xe9)" in said
    assert "doc: a\ufffd\n" in said and "\n          ^\n" in said
