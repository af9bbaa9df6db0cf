"""The formatter: one form, the same meaning, every comment kept."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from support import CASES, ROOT, golden_inputs, pcgen, protocol_inputs

from pcgen import fingerprint, formatter, pipeline, tree
from pcgen.diagnostics import ErrorSink
from pcgen.source import SourceFile

FMT = Path(__file__).resolve().parent / "fmt"
GOOD = [*protocol_inputs(), *golden_inputs(), ROOT / "tests/generated/wide/wide.yaml"]


def readable(path: Path) -> bool:
    """fmt is for what the strict reader takes as YAML."""
    sink = ErrorSink()
    if path.name.startswith("PG0110"):
        return False
    text = path.read_text(encoding="utf-8")
    return tree.read_tree(SourceFile(path, path.name, text), sink) is not None and not sink.failed


ALL = [*GOOD, *sorted(FMT.glob("*.yaml")),
       *(path for path in sorted(CASES.glob("*.yaml")) if readable(path))]


def test_before_becomes_after() -> None:
    before, after = ((FMT / name).read_text(encoding="utf-8") for name in ("before.yaml",
                                                                           "after.yaml"))
    assert formatter.format_text(before) == after


@pytest.mark.parametrize("path", ALL, ids=[path.stem for path in ALL])
def test_formatting_twice_changes_nothing(path: Path) -> None:
    once = formatter.format_text(path.read_text(encoding="utf-8"))
    assert formatter.format_text(once) == once
    assert all(len(line) <= formatter.COLUMNS or "#" in line or '"' in line
               for line in once.splitlines())


@pytest.mark.parametrize("path", GOOD, ids=[path.stem for path in GOOD])
def test_meaning_stays(path: Path, tmp_path: Path) -> None:
    old = pipeline.compile_files([path])
    assert old.program is not None
    for source in {*old.sources}:
        text = source.read_text(encoding="utf-8")
        (tmp_path / source.name).write_text(formatter.format_text(text), encoding="utf-8")
    new = pipeline.compile_files([tmp_path / path.name])
    assert new.program == old.program
    assert [fingerprint.schema_hash(protocol) for protocol in new.program.protocols] == [
        fingerprint.schema_hash(protocol) for protocol in old.program.protocols]


def disturbed(text: str, seed: int) -> str:
    """The same file from a careless hand."""
    chance = random.Random(seed)
    wider = 2 + seed % 2
    dash = "-" + " " * (2 * wider - 1)  # what follows it stays above the item's other keys
    lines = []
    for line in text.splitlines():
        room = len(line) - len(line.lstrip())
        words = re.sub(r"^- ", dash, re.sub(r"  +#", " #", line.lstrip()))
        lines.append(" " * (room * wider) + words + " " * chance.randrange(3))
        lines += [""] * (chance.randrange(3) if not line else 0)
    end = "\r\n" if chance.randrange(2) else "\n"
    return end.join(lines) + end * chance.randrange(3)


@pytest.mark.parametrize("path", GOOD, ids=[path.stem for path in GOOD])
def test_spaces_and_ends_of_lines_do_not_matter(path: Path) -> None:
    text = formatter.format_text(path.read_text(encoding="utf-8"))
    for seed in range(6):
        assert formatter.format_text(disturbed(text, seed)) == text, seed


def test_comments_in_odd_places_are_kept(tmp_path: Path) -> None:
    text = ("# a\nprotocol: demo # b\nversion: # c\n  1\n# d\nconsts: { # e\n  A: 1, # f\n"
            "  # g\n  B: 2 # h\n} # i\nroles: # j\n  # k\n  - client # l\n  # m\n\n# n\n")
    new = formatter.format_text(text)
    assert sorted(re.findall(r"# (\w)", new)) == list("abcdefghijklmn")
    assert formatter.format_text(new) == new


def test_line_for_editors_stays_first() -> None:
    line = "# yaml-language-server: $schema=x.json\n"
    assert formatter.format_text(f"{line}\n\nprotocol:  p\n") == f"{line}\nprotocol: p\n"


def test_files_of_the_project_are_formatted() -> None:
    """If not: ./scripts/pcgen fmt"""
    result = pcgen("fmt", "--check", *protocol_inputs())
    assert result.returncode == 0, result.stdout


def test_check_names_files_and_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("protocol:   a\nversion: 1\n")
    result = pcgen("fmt", "--check", path)
    assert (result.returncode, result.stdout) == (1, f"would change {path}\n")
    assert path.read_text() == "protocol:   a\nversion: 1\n"
    assert pcgen("fmt", path).stdout == f"formatted {path}\n"
    assert path.read_text() == "protocol: a\nversion: 1\n"
    assert pcgen("fmt", "--check", path).returncode == 0


def test_what_is_written_too_oddly_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("# a comment with \x85protocol: a\nversion: 1\n", encoding="utf-8")
    result = pcgen("fmt", path)
    assert result.returncode == 1 and "it is left as it is" in result.stderr
    assert "\x85" in path.read_text(encoding="utf-8")


def test_standard_input_is_for_editors() -> None:
    assert pcgen("fmt", "--stdin", input="protocol:  a\n").stdout == "protocol: a\n"


def test_what_is_no_yaml_is_an_error_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("a: &x [1\n")
    result = pcgen("fmt", path)
    assert result.returncode == 1 and "PG0101" in result.stderr
    assert path.read_text() == "a: &x [1\n"
