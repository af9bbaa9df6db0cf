"""Make a broken variant of one source file, as a .mutant file describes it.

    mutate.py <root of the project> <name>.mutant <output.c>

A .mutant file says what is broken, in which file, how it is found if not by an invariant (see
run_mutants.py), and which text stands for which:

    why: a partial send takes the whole chunk off the queue
    file: runtime/net/send_queue.c
    found: time limit
    --- right
            chunk->begin += size;
    --- wrong
            chunk->begin = chunk->end;

The right text must stand in the file exactly once; otherwise the source has moved on and the
mutant must follow it. More pairs of right and wrong may follow.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Mutant:
    """What a .mutant file says."""

    name: str
    why: str
    file: str
    pairs: tuple[tuple[str, str], ...]
    found: str = "invariant"


def parse(path: Path) -> Mutant:
    """Read a .mutant file; ValueError if it is not one."""
    head, *parts = path.read_text(encoding="utf-8").split("--- right\n")
    fields = dict(line.split(": ", 1) for line in head.splitlines())
    if not {"why", "file"} <= set(fields) <= {"why", "file", "found"} or not parts:
        raise ValueError(f"{path}: expected why, file, and right and wrong texts")
    pairs = []
    for part in parts:
        right, separator, wrong = part.partition("--- wrong\n")
        if not separator or right == wrong:
            raise ValueError(f"{path}: a right text without a wrong one")
        pairs.append((right, wrong))
    found = fields.get("found", "invariant")
    return Mutant(path.stem, fields["why"], fields["file"], tuple(pairs), found)


def apply(mutant: Mutant, text: str) -> str:
    """The broken text; ValueError if a right text does not stand in it exactly once."""
    for right, wrong in mutant.pairs:
        count = text.count(right)
        if count != 1:
            raise ValueError(
                f"mutant {mutant.name}: its right text stands {count} times in {mutant.file}; "
                f"bring it up to date:\n{right}"
            )
        text = text.replace(right, wrong)
    return text


def main(arguments: list[str]) -> int:
    """Write the variant."""
    root, description, output = (Path(argument) for argument in arguments)
    try:
        mutant = parse(description)
        text = apply(mutant, (root / mutant.file).read_text(encoding="utf-8"))
    except ValueError as error:
        print(f"mutate.py: error: {error}", file=sys.stderr)
        return 1
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
