"""Where the protocols of then come from: lock files, or the YAML of a revision of git."""

from __future__ import annotations

import io
import subprocess
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pcgen import ir, pipeline
from pcgen.compat import lock
from pcgen.compat.lock import BadLock, Released, Retired

SUFFIX = ".lock.json"


def file_name(protocol: str, version: int) -> str:
    """A lock file's name: one for each version that was released."""
    return f"{protocol}-{version}{SUFFIX}"


def from_files(path: Path) -> dict[str, Released]:
    """A lock file, or a folder of them: of each protocol the newest version."""
    files = sorted(path.glob(f"*{SUFFIX}")) if path.is_dir() else [path]
    found: dict[str, Released] = {}
    for file in files:
        try:
            one = lock.parse(file.read_text(encoding="utf-8"), file)
        except (OSError, UnicodeDecodeError) as error:
            raise BadLock(f"{file}: {error}") from None
        name = one.protocol.name
        if name not in found or found[name].protocol.version < one.protocol.version:
            found[name] = one
    return found


def retired_of(protocol: ir.Protocol) -> Retired:
    """What a protocol's own file reserves."""
    ids = sorted({value for item in protocol.reserved.ids
                  for value in range(item.first, item.last + 1)})
    return Retired(tuple(ids), tuple(sorted(set(protocol.reserved.names))))


def released_of(program: ir.Program) -> dict[str, Released]:
    """Protocols as if they had been released as they are."""
    return {protocol.name: Released(protocol, retired_of(protocol), lock.types_of(protocol))
            for protocol in program.protocols}


def _git(folder: Path, *words: str) -> bytes:
    made = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, check=False)
    if made.returncode != 0:
        raise BadLock(made.stderr.decode(errors="replace").strip().splitlines()[-1])
    return made.stdout


def _unpack(packed: bytes, folder: Path) -> None:
    """Plain files only; git's paths never lead out of the folder."""
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isfile() else None
            if content is not None:
                path = folder / member.name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content.read())


def from_git(revision: str, sources: Sequence[Path]) -> dict[str, Released]:
    """The protocols of the same folders at a revision: all YAML of the repository is unpacked
    beside, for files may import others."""
    folder = sources[0].resolve().parent
    top = Path(_git(folder, "rev-parse", "--show-toplevel").decode().strip())
    _git(folder, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}")
    packed = _git(top, "archive", "--format=tar", revision, "--", ":(top,glob)**/*.yaml")
    folders = sorted({path.resolve().parent.relative_to(top) for path in sources})
    with tempfile.TemporaryDirectory() as name:
        _unpack(packed, Path(name))
        paths = [path for part in folders for path in sorted((Path(name) / part).glob("*.yaml"))]
        if not paths:
            raise BadLock(f"there are no YAML files in these folders at {revision}")
        compiled = pipeline.compile_files(paths)
    if compiled.program is None:
        first = compiled.sink.sorted()[0].render().splitlines()[0]
        raise BadLock(f"the protocol at {revision} is not right: {first}")
    return released_of(compiled.program)


def load(against: str, sources: Sequence[Path]) -> dict[str, Released]:
    """against: a lock file, a folder of them, or a revision of git."""
    path = Path(against)
    if path.exists():
        return from_files(path)
    try:
        return from_git(against, sources)
    except BadLock as error:
        raise BadLock(f"`{against}` is no lock file or folder, and git says: {error}") from None
