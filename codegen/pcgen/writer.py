"""[F] Writes what has changed, removes what is no longer made, and tells the build about both."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from pcgen.outputs import Output

MANIFEST = "manifest.txt"


def manifest_text(outputs: Sequence[Output]) -> str:
    """One line for each file: its group, a space, its path."""
    return "".join(f"{output.group} {output.path}\n" for output in outputs)


def manifest_cmake(outputs: Sequence[Output]) -> str:
    """The same for CMake: `pcgen_files_<group>` lists."""
    groups: dict[str, list[str]] = {}
    for output in outputs:
        groups.setdefault(output.group, []).append(output.path)
    lines = [f"set(pcgen_groups {' '.join(sorted(groups))})\n"]
    lines += [f"set(pcgen_files_{group}\n  " + "\n  ".join(groups[group]) + ")\n"
              for group in sorted(groups)]
    return "".join(lines)


def write_if_changed(path: Path, text: str) -> bool:
    """True if the file was written. A file that is already right keeps its time stamp."""
    data = text.encode()
    try:
        if path.read_bytes() == data:
            return False
    except OSError:
        path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return True


def _stale(folder: Path, outputs: Sequence[Output]) -> Iterable[Path]:
    """Files of the last manifest that are not made any more."""
    try:
        lines = (folder / MANIFEST).read_text().splitlines()
    except OSError:
        return ()
    kept = {output.path for output in outputs}
    old = [line.split(" ", 1)[-1] for line in lines]
    return [folder / path for path in old if path not in kept and ".." not in Path(path).parts]


def write(folder: Path, outputs: Sequence[Output]) -> list[str]:
    """Bring the folder up to date; returns the paths that were written or removed."""
    changed: list[str] = []
    for path in _stale(folder, outputs):
        if path.is_file():
            path.unlink()
            changed.append(f"removed {path.relative_to(folder)}")
    for output in outputs:
        if write_if_changed(folder / output.path, output.text):
            changed.append(f"wrote {output.path}")
    write_if_changed(folder / MANIFEST, manifest_text(outputs))
    return changed


def depfile_text(target: Path, inputs: Iterable[Path]) -> str:
    """What the target was made from, as make and ninja read it."""
    names = sorted({str(path.resolve()).replace(" ", "\\ ") for path in inputs})
    return f"{target}: " + " \\\n  ".join(names) + "\n"
