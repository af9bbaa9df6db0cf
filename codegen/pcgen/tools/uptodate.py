"""Whether a folder is as the last run left it and would be made the same again.

A run leaves hashes of all that it read and wrote in the folder. They are compared, not times: a
file that was touched and is the same is no reason to begin. Whatever is not as expected, a missing
or foreign state included, means that everything is made anew.

The folder may be one that a team commits. So the state says nothing of the machine: its paths are
relative to the folder, and it is the same wherever the same files lie in the same places.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
from codecs import BOM_UTF8
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pcgen import writer
from pcgen.source import resolved
from pcgen.tools.generated import PACKAGE, Made, generator_files

STATE = ".pcgen-state"


@dataclass(frozen=True, slots=True)
class Last:
    """What the last run read and wrote."""

    sources: tuple[Path, ...]
    files: tuple[writer.Listed, ...]


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]


def _generator() -> str:
    """The generator and what it stands on: the first file of a package has its version."""
    parts = [f"{sys.version_info.major}.{sys.version_info.minor}"]
    for module in ("jinja2", "yaml"):
        found = importlib.util.find_spec(module)
        parts.append(_hash(Path(found.origin).read_bytes()) if found and found.origin else "")
    root = PACKAGE.parent
    for path in generator_files():
        parts.append(f"{path.relative_to(root).as_posix()} {_hash(path.read_bytes())}")
    return _hash("\n".join(parts).encode())


def _seen_from(folder: Path, path: Path) -> str:
    """Relative, if there is a way; on Windows there is none between drives."""
    try:
        return Path(os.path.relpath(resolved(path), resolved(folder))).as_posix()
    except ValueError:
        return resolved(path).as_posix()


def _head(folder: Path, paths: Sequence[Path]) -> list[str]:
    asked = "\n".join(sorted(_seen_from(folder, path) for path in paths))
    return [f"generator {_generator()}", f"asked {_hash(asked.encode())}"]


def _is_same(lines: Iterable[tuple[str, Path]]) -> bool:
    try:
        return all(_hash(path.read_bytes().removeprefix(BOM_UTF8)) == wanted
                   for wanted, path in lines)
    except OSError:
        return False


def unchanged_since(folder: Path, paths: Sequence[Path]) -> Last | None:
    """The last run, if this one would come to the same; otherwise None."""
    try:
        lines = (folder / STATE).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    if lines[:2] != _head(folder, paths):
        return None
    sources: list[tuple[str, Path]] = []
    outputs: list[tuple[str, Path]] = []
    for line in lines[2:]:
        kind, wanted, path = (*line.split(" ", 2), "", "")[:3]
        if kind == "read":
            sources.append((wanted, resolved(resolved(folder) / path)))
        else:
            outputs.append((wanted, folder / path))
    files = writer.listed(folder)
    named = [folder / file.path for file in files]
    if named != [path for _, path in outputs] or not _is_same([*sources, *outputs]):
        return None
    return Last(tuple(path for _, path in sources), files)


def remember(folder: Path, paths: Sequence[Path], made: Made) -> None:
    """Leave the state for the next run. Sources count as they were read, not as they are now."""
    lines = _head(folder, paths)
    lines += [f"read {_hash(source.text.encode())} {_seen_from(folder, source.path)}"
              for source in made.sources]
    lines += [f"made {_hash(output.text.encode())} {output.path}" for output in made.outputs]
    writer.write_if_changed(folder / STATE, "\n".join(lines) + "\n")
