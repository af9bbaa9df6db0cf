"""Where the protocols of then come from: lock files, or the YAML of a revision of git."""

from __future__ import annotations

import io
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pcgen import ir, pipeline
from pcgen.compat import lock
from pcgen.compat.lock import BadLock, Released, Retired

SUFFIX = ".lock.json"
_OURS = re.compile(rb"^protocol\s*:", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Then:
    """What the protocols of now are compared with. `expected`: the files whose protocols must
    still be there; None: all of them. `complete`: what is not here was not there."""

    protocols: dict[str, Released]
    expected: frozenset[str] | None = None
    complete: bool = True

    def expects(self, one: Released) -> bool:
        """True if it is missed when it is gone."""
        return self.expected is None or one.protocol.source in self.expected


def file_name(protocol: str, version: int) -> str:
    """A lock file's name: one for each version that was released."""
    return f"{protocol}-{version}{SUFFIX}"


def read(file: Path) -> Released:
    """One lock file."""
    try:
        return lock.parse(file.read_text(encoding="utf-8"), file)
    except (OSError, UnicodeDecodeError) as error:
        raise BadLock(f"{file}: {error}") from None


def newest_in(folder: Path) -> dict[str, Released]:
    """Of each protocol with lock files in a folder the newest version; there may be none."""
    found: dict[str, Released] = {}
    for file in sorted(folder.glob(f"*{SUFFIX}")):
        one = read(file)
        name = one.protocol.name
        if name not in found or found[name].protocol.version < one.protocol.version:
            found[name] = one
    return found


def _ours(folder: Path) -> list[Path]:
    """The protocol files of a folder. Other tools' YAML may lie beside them."""
    return [path for path in sorted(folder.glob("*.yaml")) if _OURS.search(path.read_bytes())]


def expected_of(named: Sequence[Path], read_now: Iterable[Path]) -> frozenset[str] | None:
    """Of which files a protocol that is gone is missed: of all if whole folders were read now, so
    that a file which was removed shows; else of those that were named."""
    known = {path.resolve() for path in read_now}
    folders = {path.resolve().parent for path in named}
    if all(path.resolve() in known for folder in folders for path in _ours(folder)):
        return None
    return frozenset(path.name for path in named)


def retired_of(protocol: ir.Protocol) -> Retired:
    """What a protocol's own file reserves."""
    ids = sorted({value for item in protocol.reserved.ids
                  for value in range(item.first, item.last + 1)})
    return Retired(tuple(ids), tuple(sorted(set(protocol.reserved.names))))


def released_of(program: ir.Program) -> dict[str, Released]:
    """Protocols as if they had been released as they are."""
    return {protocol.name: Released(protocol, retired_of(protocol), lock.types_of(protocol))
            for protocol in program.protocols}


# ---- git ----


def _git(folder: Path, *words: str) -> bytes:
    try:
        made = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, check=False)
    except OSError as error:
        raise BadLock(str(error)) from None
    if made.returncode != 0:
        said = made.stderr.decode(errors="replace").strip().splitlines()
        raise BadLock(said[-1] if said else f"status {made.returncode}")
    return made.stdout


def _commit_of(revision: str, folder: Path) -> str:
    """BadLock if there is no such revision where the folder lies."""
    return _git(folder, "rev-parse", "--verify", "--end-of-options",
                f"{revision}^{{commit}}").decode().strip()


def _top_of(sources: Sequence[Path]) -> Path:
    """The repository's folder."""
    tops = sorted({_git(path.resolve().parent, "rev-parse", "--show-toplevel").decode().strip()
                   for path in sources})
    if len(tops) > 1:
        raise BadLock(f"the files lie in several repositories: {', '.join(tops)}; compare those "
                      "of one at a time")
    return Path(tops[0]).resolve()


def _unpack(packed: bytes, folder: Path) -> None:
    """Plain files only; git's paths never lead out of the folder."""
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isfile() else None
            if content is not None:
                path = folder / member.name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content.read())


def _files_then(top: Path, sources: Sequence[Path], whole: bool, revision: str) -> list[Path]:
    """What to compile of what was unpacked at `top`, for sources relative to it."""
    if whole:
        found = [path for folder in sorted({path.parent for path in sources})
                 for path in _ours(top / folder)]
        if not found:
            raise BadLock(f"there are no protocol files in these folders at {revision}")
        return found
    for path in sources:
        if not (top / path).is_file():
            raise BadLock(f"{path} was not there at {revision}: name all protocol files of its "
                          "folder, so that it shows what it has become of")
    return [top / path for path in sources]


def from_git(revision: str, sources: Sequence[Path], whole: bool) -> dict[str, Released]:
    """The protocols of the same files at a revision, or of their whole folders. All YAML of the
    repository is unpacked beside, for files may import others."""
    top = _top_of(sources)
    commit = _commit_of(revision, top)
    packed = _git(top, "archive", "--format=tar", commit, "--", ":(top,glob)**/*.yaml")
    relative = [path.resolve().relative_to(top) for path in sources]
    with tempfile.TemporaryDirectory() as name:
        _unpack(packed, Path(name))
        compiled = pipeline.compile_files(_files_then(Path(name), relative, whole, revision))
    if compiled.program is None:
        first = compiled.sink.sorted()[0].render().splitlines()[0].replace(f"{name}/", "")
        raise BadLock(f"the protocol at {revision} is not right: {first}")
    return released_of(compiled.program)


# ---- which of them ----


def _from_path(path: Path) -> dict[str, Released]:
    """A lock file, or a folder of them."""
    if path.is_file():
        one = read(path)
        return {one.protocol.name: one}
    found = newest_in(path)
    if found:
        return found
    below = path / "released"
    hint = f"did you mean `{below}`?" if newest_in(below) else "`pcgen release` makes them"
    raise BadLock(f"there are no lock files (*{SUFFIX}) in `{path}`; {hint}")


def _is_revision(word: str, folder: Path) -> bool:
    try:
        _commit_of(word, folder)
    except BadLock:
        return False
    return True


def _from_word(word: str, named: Sequence[Path], whole: bool) -> dict[str, Released]:
    """What a person typed. A path that is a revision, too, is refused: whichever we took, somebody
    would believe that the other was compared. git takes no `./x` for a revision."""
    path = Path(word)
    if not path.exists():
        try:
            return from_git(word, named, whole)
        except BadLock as error:
            raise BadLock(f"`{word}` is no lock file or folder, and git says: {error}") from None
    if _is_revision(word, named[0].resolve().parent):
        kind = "folder" if path.is_dir() else "file"
        raise BadLock(f"`{word}` is a {kind} and a revision of git: write `./{word}` for the "
                      f"{kind}, or the revision in full, for example `refs/heads/{word}`")
    return _from_path(path)


def load(against: str | Path, named: Sequence[Path], compiled: pipeline.Compiled) -> Then:
    """against: a folder of lock files, or as a word a lock file, a folder or a revision of git.
    named: the files of now, which were compiled. BadLock if nothing of them can be compared."""
    assert compiled.program is not None
    expected = expected_of(named, compiled.sources)
    if isinstance(against, Path):
        found = _from_path(against)
    else:
        found = _from_word(against, named, expected is None)
    then = Then(found, expected, not Path(against).is_file())
    now = {protocol.name for protocol in compiled.program.protocols}
    if not now & found.keys() and not any(then.expects(one) for one in found.values()):
        raise BadLock(f"`{against}` has none of the protocols of these files; it has "
                      + ", ".join(f"`{name}`" for name in sorted(found)))
    return then
