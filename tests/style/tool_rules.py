"""Rules that a tool decides: clang-format, and whether each public header stands alone."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from source import ROOT, Finding, Source

HEADER_COMMANDS = {
    "C": ["gcc", "-std=c11", "-x", "c"],
    "C++": ["g++", "-std=c++11", "-x", "c++"],
}


def formatted(sources: list[Source], root: Path = ROOT) -> Iterator[Finding]:
    """Every C file is as clang-format would leave it."""
    paths = [s.path for s in sources if s.is_c and not s.is_golden]
    if not paths:
        return
    result = subprocess.run(
        ["clang-format", "--dry-run", "--ferror-limit=1", *paths],
        cwd=root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    for match in re.finditer(r"^(\S+):(\d+):\d+: (?:error|warning):", result.stderr, re.MULTILINE):
        yield Finding(match[1], int(match[2]), "not as clang-format leaves it; run ./scripts/fmt")
    if result.returncode != 0 and not result.stderr:
        yield Finding(".clang-format", 1, f"clang-format failed with {result.returncode}")


def public_headers(sources: list[Source], root: Path = ROOT) -> Iterator[Finding]:
    """Every public header compiles by itself, twice in one file, as C and as C++."""
    for source in sources:
        if source.path.startswith("runtime/include/pc/"):
            yield from header_alone(source.path, root)


def header_alone(path: str, root: Path) -> Iterator[Finding]:
    """Compile a file that includes nothing but this header."""
    name = path.removeprefix("runtime/include/")
    text = f'#include "{name}"\n#include "{name}"\n'
    for language, command in HEADER_COMMANDS.items():
        result = subprocess.run(
            [*command, "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-Iruntime/include", "-"],
            cwd=root, input=text, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if result.returncode != 0:
            error = re.search(r"error: (.*)", result.stderr)
            problem = error[1] if error else "does not compile"
            yield Finding(path, 1, f"alone it is no {language}: {problem}")
