"""Fuzzes the reading of the protocol's YAML: the corpus as it is, then good and bad files of the
tree and of the corpus, changed at random.

    fuzz_schema.py WORK_FOLDER

Whatever a file holds, the generator reads it or says what is wrong; it never ends in a traceback.
The seed is printed; PC_SEED replays it, PC_FUZZ_SECONDS sets the time. An input that breaks the
rule stays in the work folder as crash.yaml."""

from __future__ import annotations

import os
import random
import sys
import time
import traceback
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "codegen"))

from pcgen import pipeline  # noqa: E402

CORPUS = Path(__file__).resolve().parent / "corpus" / "fuzz_schema"
CHANGES = (1, 1, 1, 2, 6)
PIECES = [
    "- ", ": ", "{", "}", "[", "]", "&a ", "*a", "!!int ", "<<: ", "|\n", "? ", "#", "'", '"', "\t",
    "yes", "null", "~", "010", "0x", "-1", "1e9", ".nan", "18446744073709551616", "u8", "u64",
    "string<0>", "bytes<70000>", "[<=4]", "x[", "flow: client -> gate", "id: 0x0100", "\n", "\n  ",
    "\u00e9", "\u2028", "\ufeff", "\x00", "---\n", "%YAML 1.1\n",
]


def change(text: str, others: list[str], source: random.Random) -> str:
    """The text with a few pieces cut, copied, exchanged or put in."""
    for _ in range(source.choice(CHANGES)):
        lines = text.splitlines(keepends=True) or [""]
        at = source.randrange(len(lines))
        place = source.randrange(len(text) + 1)
        kind = source.randrange(7)
        if kind == 0:
            text = text[:place] + source.choice(PIECES) + text[place:]
        elif kind == 1:
            text = text[:place] + text[place + source.randrange(1, 12) :]
        elif kind == 2:
            text = "".join(lines[:at] + lines[at + 1 :])
        elif kind == 3:
            text = "".join(lines[:at] + [lines[at], lines[at]] + lines[at + 1 :])
        elif kind == 4:
            lines[at] = source.choice((" ", "  ", "    ")) + lines[at]
            text = "".join(lines)
        elif kind == 5:
            foreign = source.choice(others).splitlines(keepends=True) or [""]
            start = source.randrange(len(foreign))
            text = "".join(lines[:at] + foreign[start : start + 5] + lines[at:])
        else:
            words = lines[at].split(" ")
            words[source.randrange(len(words))] = source.choice(PIECES)
            text = "".join(lines[:at] + [" ".join(words)] + lines[at + 1 :])
    return text


def starts() -> list[Path]:
    """The real protocol, the whole language, a file for each error, and what broke pcgen once."""
    tests = ROOT / "tests"
    folders = (ROOT / "protocol", tests / "generated" / "wide", tests / "generated" / "versions",
               tests / "codegen" / "cases", CORPUS)
    return [path for folder in folders for path in sorted(folder.glob("*.yaml"))]


def try_file(path: Path) -> bool:
    """Whether it was refused. Raises what it should not."""
    compiled = pipeline.compile_files([path])
    if (compiled.program is None) != compiled.sink.failed:
        raise AssertionError("no program and no error, or both")
    compiled.sink.render()
    if compiled.program is not None:
        pipeline.emit(compiled.program)
    return compiled.sink.failed


def try_text(crash: Path, text: str) -> bool:
    crash.write_bytes(text.encode("utf-8", "surrogateescape"))
    return try_file(crash)


def main(arguments: list[str]) -> int:
    work = Path(arguments[0])
    work.mkdir(parents=True, exist_ok=True)
    seed = int(os.environ.get("PC_SEED") or random.SystemRandom().randrange(1, 2**31))
    seconds = float(os.environ.get("PC_FUZZ_SECONDS", "5"))
    print(f"fuzz_schema: PC_SEED={seed}", flush=True)
    source = random.Random(seed)
    texts = [path.read_bytes().decode("utf-8", "surrogateescape") for path in starts()]
    first = [path.read_bytes().decode("utf-8", "surrogateescape") for path in CORPUS.iterdir()]
    # Imports of the real protocol are found beside the file.
    for path in (ROOT / "protocol").glob("*.yaml"):
        (work / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    crash = work / "crash.yaml"
    deadline = time.monotonic() + seconds
    count = refused = 0
    while first or time.monotonic() < deadline:
        text = first.pop() if first else change(source.choice(texts), texts, source)
        try:
            refused += try_text(crash, text)
        except Exception:  # noqa: BLE001
            traceback.print_exc()
            print(f"fuzz_schema: {crash} breaks the generator after {count} files", flush=True)
            return 1
        count += 1
    crash.unlink(missing_ok=True)
    print(f"fuzz_schema: {count} files, {refused} refused")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
