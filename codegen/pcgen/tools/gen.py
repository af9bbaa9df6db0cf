"""pcgen gen: bring the generated files up to date: C and Python in one folder, C# and TypeScript
each in a folder of its own, with a manifest of its own.

If nothing has changed since the last run, neither what the files are made from nor the files, that
is found by comparing hashes and nothing else is done.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from pcgen import writer
from pcgen.source import resolved
from pcgen.tools import command, uptodate
from pcgen.tools.generated import Made, folders_or_report, inputs_of

MORE = "  pcgen gen --csharp Assets/Proto --typescript web/src/proto protocol/*.yaml\n"


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, help="folder for C and Python")
    parser.add_argument("--csharp", type=Path, metavar="DIR", help="folder for C#, for clients")
    parser.add_argument("--typescript", type=Path, metavar="DIR",
                        help="folder for TypeScript, for clients")
    parser.add_argument("--check", action="store_true",
                        help="write nothing; list what would change, and fail if anything would")
    parser.add_argument("--stamp", type=Path, help="file that is touched when all went well")
    parser.add_argument("--depfile", type=Path, help="write what the stamp depends on")
    parser.add_argument("--manifest", type=Path, help="keep CMake's list of the files up to date")
    parser.add_argument("--verbose", action="store_true", help="say which files changed")
    command.add_format(parser)
    command.add_yaml(parser)


def _manifest_is_new(path: Path | None, files: Sequence[writer.Named]) -> bool:
    """Bring CMake's list up to date; true if CMake has configured with another one."""
    if path is None or not writer.write_if_changed(path, writer.manifest_cmake(files)):
        return False
    sys.stderr.write("pcgen: other files are generated than before (a protocol or role came or "
                     "went, or was renamed); build again, so that CMake sees them\n")
    return True


def _folders(options: argparse.Namespace) -> dict[str, Path]:
    """The folders that were asked for, by what goes into them."""
    kinds = ("out", "csharp", "typescript")
    folders = {kind: getattr(options, kind) for kind in kinds if getattr(options, kind)}
    if not folders:
        sys.stderr.write("pcgen gen: name a folder: --out, --csharp or --typescript\n")
        raise SystemExit(command.USAGE)
    if len({resolved(folder) for folder in folders.values()}) < len(folders):
        sys.stderr.write("pcgen gen: each kind of output needs a folder of its own\n")
        raise SystemExit(command.USAGE)
    if options.manifest and not options.out:
        sys.stderr.write("pcgen gen: --manifest is about --out\n")
        raise SystemExit(command.USAGE)
    return folders


def _finish(options: argparse.Namespace, files: Sequence[writer.Named],
            sources: Sequence[Path]) -> int:
    """Tell the build. files: those of --out."""
    if _manifest_is_new(options.manifest, files):
        return command.FAILED
    if options.depfile:
        target = options.stamp or next(iter(_folders(options).values())) / writer.MANIFEST
        options.depfile.write_bytes(writer.depfile_text(target, inputs_of(sources)).encode())
    if options.stamp:
        options.stamp.write_text("")
    return command.OK


def _check(options: argparse.Namespace, folders: dict[str, Path], made: dict[str, Made]) -> int:
    """`gen --check`."""
    status = command.OK
    for kind, folder in folders.items():
        changes = writer.write(folder, made[kind].outputs, only_look=True)
        if not changes:
            continue
        status = command.FAILED
        command.say(options, "\n".join(f"would be {change}" for change in changes))
        count = f"{len(changes)} file{'' if len(changes) == 1 else 's'}"
        sys.stderr.write(f"pcgen: {count} in {folder} would change; run pcgen gen\n")
    if status == command.OK:
        command.say(options, "nothing would change")
    return status


def _write(options: argparse.Namespace, folders: dict[str, Path], made: dict[str, Made]) -> int:
    paths = command.yaml_of(options)
    changed: list[str] = []
    for kind, folder in folders.items():
        changed += writer.write(folder, made[kind].outputs)
        uptodate.remember(folder, paths, made[kind])
    if options.verbose:
        command.say(options, "\n".join(changed or ["nothing changed"]))
    files = made["out"].outputs if "out" in made else ()
    one = next(iter(made.values()))
    return _finish(options, files, [source.path for source in one.sources])


def _run(options: argparse.Namespace) -> int:
    folders = _folders(options)
    paths = command.yaml_of(options)
    for folder in folders.values():
        writer.listed(folder)  # says so before anything is written, if one belongs to others
    last = {kind: uptodate.unchanged_since(folder, paths) for kind, folder in folders.items()}
    found = [one for one in last.values() if one is not None]
    if len(found) == len(folders):
        if options.check or options.verbose:
            command.say(options, "nothing would change" if options.check else "nothing changed")
        files = found[0].files if options.out else ()
        return command.OK if options.check else _finish(options, files, found[0].sources)
    made = folders_or_report(options, list(folders))
    if made is None:
        return command.FAILED
    return _check(options, folders, made) if options.check else _write(options, folders, made)


COMMAND = command.Command("gen", "write the generated files",
                          "pcgen gen --out build/generated protocol/*.yaml", _arguments, _run, MORE)
