"""The language reference names all there is, and its examples are right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support import FLOWS, ROOT, compile_text

from pcgen import grammar, ir

TEXT = (ROOT / "protocol" / "README.md").read_text(encoding="utf-8")
KEYS = {key for keys in grammar.ALL for key in keys.all}


@pytest.mark.parametrize("word", sorted({*KEYS, *ir.SCALARS, *grammar.ALL_WORDS}))
def test_key_and_type_are_explained(word: str) -> None:
    assert re.search(rf"`[^`\n]*\b{word}\b[^`\n]*`", TEXT), word


def test_packet_of_the_walk_through_is_right(tmp_path: Path) -> None:
    block = re.search(r"```yaml\n(     shout_request:.*?)   ```", TEXT, re.DOTALL)
    assert block is not None
    lines = "".join(line.removeprefix("   ") + "\n" for line in block[1].splitlines())
    text = FLOWS.replace("ids: 1-99}", "ids: 0x0100-0x017f, states: phase}")
    text += "states: {phase: [lobby, world]}\nconsts: {CHAT_TEXT_MAX: 200}\npackets:\n" + lines
    compiled = compile_text(tmp_path, text)
    assert compiled.program is not None, compiled.sink.render()
