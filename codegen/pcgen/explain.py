"""What every error and rule is about, with a small wrong and a small right example.

The texts lie in explanations/*.txt:

    == PG0102 a key stands twice in one mapping      what it is
    Most YAML readers keep the last one ...          why it matters, what to do
    -- wrong                                         examples: see `complete`
    -- right
    -- before                                        of rules that compare with what was released
    -- file NAME                                     lies beside the examples
    -- allow PB101                                   broken by both examples, and not the point
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "explanations"

# What an example does not say itself. `whole` behind "-- wrong": it says everything.
_HEAD = {
    "protocol": "protocol: demo\n",
    "version": "version: 3\n",
    "roles": "roles: [client, gate, game]\n",
    "states": "states: {phase: [fresh, ready]}\n",
    "flows": ("flows:\n  - {flow: client -> gate, ids: 1-99, states: phase}\n"
              "  - {flow: gate -> client, ids: 100-199}\n"
              "  - {flow: gate -> game, ids: 200-299}\n"
              "  - {flow: game -> gate, ids: 300-399}\n"),
}
_PACKET = "packets:\n  test:\n    id: 1\n    flow: client -> gate\n    fields:\n"
_KEY = re.compile(r"^(\w+):", re.MULTILINE)
_MANY = re.compile(r"@(\d+) (\w+)")


@dataclass(frozen=True, slots=True)
class Example:
    """A piece of YAML. `whole`: it is a file as it stands."""

    text: str
    whole: bool = False

    def complete(self) -> str:
        """The file: a list is the fields of a packet; top-level keys that are missing are added.
        `@65 s` stands for s0, s1 and so on."""
        text = _MANY.sub(lambda match: ", ".join(f"{match[2]}{number}"
                                                 for number in range(int(match[1]))), self.text)
        if self.whole:
            return text
        if text.startswith("- "):
            text = _PACKET + "".join(f"      {line}\n" for line in text.splitlines())
        given = set(_KEY.findall(text))
        return "".join(_HEAD[key] for key in _HEAD if key not in given) + text


@dataclass(slots=True)
class Explanation:
    """`files`: by name, or by "wrong name" or "right name" if the two examples differ in it."""

    code: str
    title: str
    text: str = ""
    examples: dict[str, Example] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    allowed: str = ""

    def files_of(self, example: str) -> dict[str, str]:
        """What lies beside an example: "wrong", "right" or "before"."""
        found: dict[str, str] = {}
        for key, text in self.files.items():
            which, _, name = key.rpartition(" ")
            if which in ("", example):
                found[name] = text
        return found


def _add(explanation: Explanation, head: str, lines: list[str]) -> None:
    """A part of an explanation; the first one has no head."""
    text = "\n".join(lines) + "\n"
    kind, _, rest = head.partition(" ")
    if not head:
        explanation.text = text.strip()
    elif kind == "allow":
        explanation.allowed = rest
    elif kind == "file":
        explanation.files[rest] = text
    else:
        explanation.examples[kind] = Example(text, rest == "whole")


def _read(text: str) -> list[Explanation]:
    found: list[Explanation] = []
    head, lines = "", list[str]()
    for line in [*text.splitlines(), "== "]:
        if not line.startswith(("== ", "-- ")):
            lines.append(line)
            continue
        if found:
            _add(found[-1], head, lines)
        head, lines = line[3:], []
        if line.startswith("== ") and head:
            code, _, title = head.partition(" ")
            found.append(Explanation(code, title))
            head = ""
    return found


def load() -> dict[str, Explanation]:
    """All there are, by code."""
    found = [one for path in sorted(FOLDER.glob("*.txt"))
             for one in _read(path.read_text(encoding="utf-8"))]
    return {one.code: one for one in found}
