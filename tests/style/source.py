"""The files of the project and a view of C text without comments and literals."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Built, cached or made by a tool; golden copies of generated code are checked as what they are.
SKIPPED_FOLDERS = {".git", "build", "run", "__pycache__", ".mypy_cache", ".pytest_cache"}
GOLDEN_FOLDERS = ("tests/codegen/golden", "tests/codegen/cases", "tests/fuzz/corpus")

# Who may speak to the operating system: the engines, the tests of their parts, the tests that play
# an old kernel to one of them or ask it what a socket is set to, and the benchmark's Linux
# programs.
SYSTEM_FOLDERS = (
    "runtime/port/",
    "tests/unit/port/",
    "tests/contract/test_port_congestion.c",
    "tests/contract/test_port_look.c",
    "tests/contract/test_port_uring.c",
    "tests/contract/test_port_uring_setup.c",
    "tests/bench/load/",
    "tests/bench/micro/parts.c",
    "tests/bench/peers/",
    "tests/integration/shim/",
)

TEXT_SUFFIXES = {
    ".c", ".h", ".py", ".j2", ".yaml", ".md", ".cmake", ".txt", ".json", ".sql", ".ini",
    ".cs", ".ts", ".mjs",
}  # fmt: skip

TOKEN = re.compile(
    r"""/\*.*?\*/ | //[^\n]* | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*'""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing that is wrong, and where."""

    path: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}"


@dataclass(frozen=True, slots=True)
class Source:
    """A file: its path below the root, with "/", and its text."""

    path: str
    text: str

    @property
    def suffix(self) -> str:
        return os.path.splitext(self.path)[1]

    @property
    def is_c(self) -> bool:
        return self.suffix in (".c", ".h")

    @property
    def is_golden(self) -> bool:
        return self.path.startswith(GOLDEN_FOLDERS)

    def lines(self) -> list[str]:
        return self.text.split("\n")

    def finding(self, offset: int, text: str) -> Finding:
        """A finding at a place of the text, given as an offset."""
        return Finding(self.path, self.text.count("\n", 0, offset) + 1, text)


def blank(text: str, keep_literals: bool = False) -> str:
    """C text with comments, and literals unless kept, replaced by blanks; all offsets stay."""

    def replace(match: re.Match[str]) -> str:
        token = match[0]
        if token[0] in "\"'" and keep_literals:
            return token
        return re.sub(r"[^\n]", " ", token)

    return TOKEN.sub(replace, text)


def is_text(path: Path) -> bool:
    """True for what the checks read: sources, templates, scripts, settings, prose."""
    if path.suffix in TEXT_SUFFIXES:
        return True
    if path.suffix:
        return False
    with path.open("rb") as stream:
        return stream.read(2) == b"#!"


def walk(root: Path = ROOT) -> Iterator[Path]:
    """All files that belong to the project, in order of their paths."""
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in SKIPPED_FOLDERS)
        for name in sorted(names):
            yield Path(folder) / name


def load(root: Path = ROOT, paths: Iterable[Path] | None = None) -> list[Source]:
    """Read the text files of the project, or those given. Bytes that are no UTF-8 raise, but
    in the inputs of tests, which want to be so."""
    sources = []
    for path in walk(root) if paths is None else paths:
        if is_text(path):
            name = path.relative_to(root).as_posix()
            errors = "replace" if name.startswith(GOLDEN_FOLDERS) else "strict"
            sources.append(Source(name, path.read_bytes().decode("utf-8", errors)))
    return sources
