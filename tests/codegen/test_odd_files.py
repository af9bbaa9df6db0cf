"""Files that somebody or something has damaged: errors with places, never an exception; and what
the formatter takes it does not spoil."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from support import CASES, ROOT, golden_inputs

from pcgen import formatter, lint, pipeline, tree
from pcgen.diagnostics import ErrorSink
from pcgen.source import SourceFile

TEXTS = [path.read_text(encoding="utf-8") for path in (
    *golden_inputs(), ROOT / "tests/generated/wide/wide.yaml",
    Path(__file__).parent / "fmt" / "before.yaml", *sorted(CASES.glob("PG0[4-9]*.yaml")))]
PIECES = ["{", "}", "[", "]", ": ", "- ", "#", "'", '"', "|", ">", "?", "&a ", "*a", "!t ", "\t",
          "\n", "  ", "null", "true", "~", "010", "0x", "-1", "99999999999999999999", "1e9", "é",
          "\u2028", "\x85", "\x00", "<=", "->", "..", ",", ":", "%", "@", "`", "\\", "---\n",
          "since: 2", "default: 0", "u8[<=4]?", "string<0>", "quant(0,1,0)"]
FILES = 150


def damaged(text: str, chance: random.Random) -> str:
    at = chance.randrange(len(text) + 1)
    lines = text.split("\n")
    line = chance.randrange(len(lines))
    match chance.randrange(5):
        case 0:
            return text[:at] + chance.choice(PIECES) + text[at:]
        case 1:
            return text[:at] + text[at + chance.randint(1, 12):]
        case 2:
            lines.insert(chance.randrange(len(lines)), lines[line])
        case 3:
            lines[line] = " " * chance.randrange(8) + lines[line].strip()
        case _:
            del lines[line]
    return "\n".join(lines)


def look_at(path: Path, text: str) -> None:
    path.write_bytes(text.encode())
    compiled = pipeline.compile_files([path])
    assert (compiled.program is None) == bool(compiled.sink.render().startswith(str(path.parent)))
    if compiled.program is not None:
        lint.run(compiled)
    sink = ErrorSink()
    if tree.read_tree(SourceFile(path, path.name, text), sink) is None or sink.failed:
        return
    try:
        new = formatter.format_text(text)
    except formatter.Unsafe:
        return
    assert formatter.format_text(new) == new


@pytest.mark.parametrize("seed", range(3))
def test_damaged_files_never_raise(tmp_path: Path, seed: int) -> None:
    """A seed that fails fails again: the text is in the report."""
    chance = random.Random(seed)
    for path in golden_inputs():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    for _ in range(FILES):
        text = chance.choice(TEXTS)
        for _ in range(chance.randint(1, 3)):
            text = damaged(text, chance)
        look_at(tmp_path / "main.yaml", text)
