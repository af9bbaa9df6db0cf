"""pcgen release: write down the protocol as others will have it from now on."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pcgen.tools import breaking, command

if TYPE_CHECKING:
    from pcgen.compat.lock import Released, Retired
    from pcgen import ir


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, help="folder of the lock files; if left out: released/ "
                        "beside the protocol files")
    parser.add_argument("--allow", metavar="RULE", action="append", default=[],
                        help="release although this rule (PB203) or class (POLICY) is broken")
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


def _run(options: argparse.Namespace) -> int:
    from pcgen import writer
    from pcgen.compat import against, compare, lock

    paths = command.yaml_of(options)
    compiled = command.compile_or_report(options, paths)
    if compiled is None or compiled.program is None:
        return command.FAILED
    folder = options.out or breaking.released_folder(paths)
    try:
        old = against.from_files(folder) if folder.is_dir() else {}
    except lock.BadLock as error:
        sys.stderr.write(f"pcgen: {error}\n")
        return command.FAILED
    found = breaking.findings(compare.compare(old, compiled.program), compiled,
                              [*options.allow, "SOURCE"], False)
    if found:
        command.report(options, found, breaking.closing(found) + "; nothing was released")
        return command.FAILED
    for protocol in compiled.program.protocols:
        path = folder / against.file_name(protocol.name, protocol.version)
        retired = _retired(old.get(protocol.name), protocol)
        changed = writer.write_if_changed(path, lock.render(protocol, retired))
        command.say(options, f"{protocol.name} version {protocol.version}: "
                    f"{f'wrote {path}' if changed else 'as it was released'}")
    return command.OK


COMMAND = command.Command("release", "freeze the protocol in lock files, unless it breaks peers",
                          "pcgen release --out build/released protocol/*.yaml", _arguments, _run)
