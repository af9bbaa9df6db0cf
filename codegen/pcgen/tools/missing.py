"""pcgen missing: handlers that a role's packets still need, as C to fill in."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pcgen.tools import command

if TYPE_CHECKING:
    from pcgen import ir

MORE = """\
  pcgen missing --role game --write           one file for each, in servers/game/handlers
  pcgen missing --role client --sources servers/bots --list

Handlers are looked for as REGISTER_HANDLER(packet, ...) in the .c files of the sources. A file that
is there already is never written.
Exit status: 0, 1 if something could not be written, 2 wrong usage.
"""


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--role", required=True, help="whose handlers")
    parser.add_argument("--sources", type=Path, metavar="FOLDER",
                        help="the role's .c files; if left out: servers/ROLE of the project")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--list", action="store_true", help="only the names of the packets")
    how.add_argument("--write", action="store_true",
                     help="write handlers/on_PACKET.c below the sources, each packet its own")
    command.add_yaml(parser)


def _rendered(role: ir.Role, packets: Sequence[ir.Packet]) -> str:
    from pcgen.c import layout, skeleton
    from pcgen.render import Renderer

    return layout.finish(Renderer().render("c/skeleton.c.j2", skeleton.lower(role, packets)))


def _write(role: ir.Role, packets: Sequence[ir.Packet], folder: Path) -> int:
    from pcgen.c import skeleton

    status = command.OK
    for packet in packets:
        path = folder / "handlers" / f"{skeleton.function(role, packet)}.c"
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with path.open("x", encoding="utf-8", newline="\n") as file:
                file.write(_rendered(role, [packet]))
            print(f"wrote {path}")
        except FileExistsError:
            sys.stderr.write(f"pcgen: {path} is there already and was left as it is; "
                             f"{packet.protocol}_{packet.name} is not registered\n")
            status = command.FAILED
    return status


def _role(options: argparse.Namespace, program: ir.Program) -> ir.Role | None:
    from pcgen.diagnostics import did_you_mean

    found = next((role for role in program.roles if role.name == options.role), None)
    if found is None:
        hint = did_you_mean(options.role, [role.name for role in program.roles])
        sys.stderr.write(f"pcgen: there is no role `{options.role}`"
                         + (f"; {hint}" if hint else "") + "\n")
    return found


def _run(options: argparse.Namespace) -> int:
    from pcgen.c import naming, skeleton

    compiled = command.compile_or_report(options, command.yaml_of(options))
    if compiled is None or compiled.program is None:
        return command.FAILED
    role = _role(options, compiled.program)
    folder = options.sources or command.PROJECT / "servers" / options.role
    if role is None:
        return command.USAGE
    if not folder.is_dir():
        sys.stderr.write(f"pcgen: {folder} is no folder; name the role's with --sources\n")
        return command.USAGE
    packets = skeleton.missing(role, skeleton.registered(folder))
    if options.write:
        return _write(role, packets, folder)
    if options.list:
        print("\n".join(naming.tag(packet) for packet in packets), end="\n" if packets else "")
    elif packets:
        print(_rendered(role, packets), end="")
    if not packets:
        sys.stderr.write(f"pcgen: {role.name} has a handler for each of its packets\n")
    return command.OK


COMMAND = command.Command("missing", "show handlers that are still to be written, as C to fill in",
                          "pcgen missing --role gate --sources build", _arguments, _run, MORE)
