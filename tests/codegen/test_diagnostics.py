"""How errors are shown, and that all of them are."""

from __future__ import annotations

from pathlib import Path

from support import FLOWS, HEAD, compile_text, errors_of, pcgen


def test_error_shows_line_caret_and_hint(tmp_path: Path) -> None:
    compiled = compile_text(tmp_path, HEAD + "structs:\n  s:\n    fields:\n      - place: vec22\n"
                            "  vec2:\n    fields:\n      - x: f32\n")
    path = tmp_path / "main.yaml"
    assert compiled.sink.render() == (
        f"{path}:6:16: error PG0402: there is no type `vec22`\n"
        "          - place: vec22\n"
        "                   ^^^^^\n"
        "    did you mean `vec2`?\n"
        "1 error; nothing was written\n")


def test_errors_of_different_passes_come_together_in_order_of_lines(tmp_path: Path) -> None:
    text = (FLOWS + "packets:\n"
            "  Bad: {id: 1, flow: client -> gate, fields: []}\n"
            "  one: {id: 1, flow: client -> gate, fields: [a: nothing]}\n"
            "  two: {id: 100, flow: gate -> client, fields: [], rate: {per_sec: 1, over: x}}\n")
    assert errors_of(tmp_path, text) == [
        "7:3 PG0201", "8:13 PG0506", "8:50 PG0402", "9:24 PG0503", "9:77 PG0608"]


def test_errors_of_several_files_are_sorted_by_file(tmp_path: Path) -> None:
    compiled = compile_text(
        tmp_path, HEAD + "import: [a.yaml, z.yaml]\nconsts: {low: 1}\n",
        a="protocol: a\nversion: 1\nconsts: {low: 1}\n",
        z="protocol: z\nversion: 1\nconsts: {low: 1}\n")
    names = [error.span.file.path.name for error in compiled.sink.sorted()]
    assert names == ["a.yaml", "main.yaml", "z.yaml"]


def test_caret_stands_below_its_column_behind_tabs_and_wide_text(tmp_path: Path) -> None:
    compiled = compile_text(tmp_path, HEAD + 'consts: {"\té": 1}\n')
    lines = compiled.sink.render().splitlines()
    assert lines[1].index("é") == lines[2].index("^") + 1


def test_one_mistake_gives_one_error(tmp_path: Path) -> None:
    """An unknown type is not reported again by those who use the struct."""
    text = (HEAD + "structs:\n  inner: {fields: [a: nothing]}\n  outer: {fields: [b: inner]}\n")
    assert errors_of(tmp_path, text) == ["4:23 PG0402"]


def test_nothing_is_written_on_error(tmp_path: Path) -> None:
    good = tmp_path / "good.yaml"
    good.write_text(FLOWS)
    out = tmp_path / "out"
    assert pcgen("gen", "--out", out, good).returncode == 0
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    good.write_text(FLOWS + "consts: {low: 1}\n")
    result = pcgen("gen", "--out", out, "--stamp", tmp_path / "stamp", good)
    assert result.returncode == 1
    assert "PG0201" in result.stderr and result.stdout == ""
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    assert not (tmp_path / "stamp").exists()


def test_wrong_usage_has_its_own_status() -> None:
    assert pcgen("gen").returncode == 2
    assert "exit status:" in pcgen("--help").stdout
