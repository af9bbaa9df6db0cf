"""pcgen gen: bring the generated files up to date.

If nothing has changed since the last run, neither what the files are made from nor the files, that
is found by comparing hashes and nothing else is done.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from pcgen import writer
from pcgen.tools import command, uptodate
from pcgen.tools.generated import Made, inputs_of, outputs_or_report


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, required=True, help="folder for the generated files")
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


def _finish(options: argparse.Namespace, files: Sequence[writer.Named],
            sources: Sequence[Path]) -> int:
    """Tell the build."""
    if _manifest_is_new(options.manifest, files):
        return command.FAILED
    if options.depfile:
        target = options.stamp or options.out / writer.MANIFEST
        options.depfile.write_text(writer.depfile_text(target, inputs_of(sources)))
    if options.stamp:
        options.stamp.write_text("")
    return command.OK


def _check(options: argparse.Namespace, made: Made) -> int:
    """`gen --check`."""
    changes = writer.write(options.out, made.outputs, only_look=True)
    if not changes:
        print("nothing would change")
        return command.OK
    print("\n".join(f"would be {change}" for change in changes))
    count = f"{len(changes)} file{'' if len(changes) == 1 else 's'}"
    sys.stderr.write(f"pcgen: {count} in {options.out} would change; run pcgen gen\n")
    return command.FAILED


def _run(options: argparse.Namespace) -> int:
    paths = command.yaml_of(options)
    last = uptodate.unchanged_since(options.out, paths)
    if last is not None:
        if options.check or options.verbose:
            print("nothing would change" if options.check else "nothing changed")
        return command.OK if options.check else _finish(options, last.files, last.sources)
    made = outputs_or_report(options)
    if made is None:
        return command.FAILED
    if options.check:
        return _check(options, made)
    changed = writer.write(options.out, made.outputs)
    uptodate.remember(options.out, paths, made)
    if options.verbose:
        print("\n".join(changed or ["nothing changed"]))
    return _finish(options, made.outputs, [source.path for source in made.sources])


COMMAND = command.Command("gen", "write the generated files",
                          "pcgen gen --out build/generated protocol/*.yaml", _arguments, _run)
