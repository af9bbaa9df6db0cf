"""[F] Writes what has changed, removes what is no longer made, and tells the build about both."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pcgen.failure import Failure
from pcgen.source import resolved

if TYPE_CHECKING:
    from pcgen.outputs import Output

MANIFEST = "pcgen-manifest.txt"
SIGNATURE = "# Made by pcgen gen, which removes what stands here once it makes it no longer."


class Named(Protocol):
    """An output, or what the manifest says of one."""

    @property
    def group(self) -> str: ...

    @property
    def path(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Listed:
    """A line of the manifest."""

    path: str
    group: str


def listed(folder: Path) -> tuple[Listed, ...]:
    """What the folder's manifest names: nothing if there is none. Raises Failure if the file of
    that name is not ours, for what it names would be removed."""
    path = folder / MANIFEST
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ()
    signature, *lines = text.splitlines() or [SIGNATURE]
    if signature != SIGNATURE:
        raise Failure(f"{path} is not the manifest that pcgen leaves; nothing was written. Move it "
                      "away, or name another folder")
    parts = (line.partition(" ") for line in lines)
    return tuple(Listed(path, group) for group, _, path in parts)


def manifest_text(outputs: Sequence[Named]) -> str:
    """The signature, then one line for each file: its group, a space, its path."""
    return "".join(line + "\n" for line in (
        SIGNATURE, *(f"{output.group} {output.path}" for output in outputs)))


def manifest_cmake(outputs: Sequence[Named]) -> str:
    """The same for CMake: `pcgen_files_<group>` lists."""
    groups: dict[str, list[str]] = {}
    for output in outputs:
        groups.setdefault(output.group, []).append(output.path)
    lines = [f"set(pcgen_groups {' '.join(sorted(groups))})\n"]
    lines += [f"set(pcgen_files_{group}\n  " + "\n  ".join(groups[group]) + ")\n"
              for group in sorted(groups)]
    return "".join(lines)


def is_right(path: Path, text: str) -> bool:
    """True if the file is there and says this."""
    try:
        return path.read_bytes() == text.encode()
    except OSError:
        return False


def write_if_changed(path: Path, text: str) -> bool:
    """True if the file was written. A file that is already right keeps its time stamp."""
    if is_right(path, text):
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return True


def _stale(folder: Path, outputs: Sequence[Output]) -> Iterable[Path]:
    """Files of the last manifest that are not made any more, and that lie in the folder."""
    kept = {output.path for output in outputs}
    old = (folder / item.path for item in listed(folder) if item.path not in kept)
    return [path for path in old if resolved(path.parent).is_relative_to(resolved(folder))]


def write(folder: Path, outputs: Sequence[Output], only_look: bool = False) -> list[str]:
    """Bring the folder up to date, or only look; returns the paths written or removed."""
    changed: list[str] = []
    for path in _stale(folder, outputs):
        if path.is_file():
            changed.append(f"removed {path.relative_to(folder).as_posix()}")
            if not only_look:
                path.unlink()
    files = [(output.path, output.text) for output in outputs]
    for name, text in (*files, (MANIFEST, manifest_text(outputs))):
        if is_right(folder / name, text):
            continue
        if name != MANIFEST or only_look:
            changed.append(f"written {name}" if only_look else f"wrote {name}")
        if not only_look:
            write_if_changed(folder / name, text)
    return changed


def _escaped(path: Path) -> str:
    """As make, ninja and CMake read it in a depfile."""
    text = str(path)
    for char, spelled in (("$", "$$"), (" ", "\\ "), ("#", "\\#")):
        text = text.replace(char, spelled)
    return text


def depfile_text(target: Path, inputs: Iterable[Path]) -> str:
    """What the target was made from, as make and ninja read it."""
    names = sorted({_escaped(resolved(path)) for path in inputs})
    return f"{_escaped(target)}: " + " \\\n  ".join(names) + "\n"
