"""pcgen release: write down the protocol as others will have it from now on."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from pcgen.tools import breaking, command

if TYPE_CHECKING:
    from pcgen import ir
    from pcgen.compat.lock import Released, Retired
    from pcgen.diagnostics import Diagnostic
    from pcgen.pipeline import Compiled


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, help="folder of the lock files; if left out: released/ "
                        "beside the protocol files")
    breaking.add_allow(parser, "release although peers are broken by")
    command.add_format(parser)
    command.add_yaml(parser)


def _retired(old: Released | None, new: ir.Protocol) -> Retired:
    """What was retired stays so; what is gone since and what the file reserves is retired now."""
    from pcgen.compat.against import retired_of
    from pcgen.compat.lock import Retired

    own = retired_of(new)
    if old is None:
        return own
    ids = {packet.id for packet in old.protocol.packets} - {packet.id for packet in new.packets}
    names = ({packet.name for packet in old.protocol.packets}
             - {packet.name for packet in new.packets})
    return Retired(tuple(sorted({*old.retired.ids, *own.ids, *ids})),
                   tuple(sorted({*old.retired.names, *own.names, *names})))


def _frozen(compiled: Compiled, folder: Path, texts: dict[Path, str]) -> list[Diagnostic]:
    """The files whose version was released and was something else: who has that release must find
    it again. Where the file lay then is none of it."""
    from pcgen.compat import against, lock
    from pcgen.compat.rules import Trouble
    from pcgen.diagnostics import Diagnostic

    found = []
    for file in compiled.files:
        path = folder / against.file_name(file.protocol.value, file.version.value)
        if path.is_file() and not lock.is_same(path.read_text(encoding="utf-8"), texts[path]):
            found.append(Diagnostic(
                Trouble.ALREADY_RELEASED, file.version.span,
                f"version {file.version.value} of `{file.protocol}` was released, and was not this",
                f"raise `version`; or remove {path} if nobody has it"))
    return found


def _run(options: argparse.Namespace) -> int:
    from pcgen import writer
    from pcgen.compat import against, compare, lock

    paths = command.yaml_of(options)
    compiled = command.compile_or_report(options, paths)
    if compiled is None or compiled.program is None:
        return command.FAILED
    folder = options.out or breaking.released_folder(paths)
    try:
        old = against.newest_in(folder)
    except lock.BadLock as error:
        breaking.report_nothing_compared(options, compiled, error)
        return command.FAILED
    then = against.Then(old, against.expected_of(paths, compiled.sources))
    found = breaking.findings(compare.compare(then, compiled.program), compiled,
                              [*options.allow, "SOURCE"], False)
    texts = {folder / against.file_name(one.name, one.version):
             lock.render(one, _retired(old.get(one.name), one))
             for one in compiled.program.protocols}
    closing = breaking.closing(found) + "; nothing was released"
    if not found:
        found, closing = _frozen(compiled, folder, texts), "nothing was released"
    if found:
        command.report(options, found, closing)
        return command.FAILED
    for protocol in compiled.program.protocols:
        path = folder / against.file_name(protocol.name, protocol.version)
        is_new = not path.exists()
        if is_new:
            writer.write_if_changed(path, texts[path])
        command.say(options, f"{protocol.name} version {protocol.version}: "
                    f"{f'wrote {path}' if is_new else 'as it was released'}")
    return command.OK


COMMAND = command.Command("release", "freeze the protocol in lock files, unless it breaks peers",
                          "pcgen release --out build/released protocol/*.yaml", _arguments, _run)
