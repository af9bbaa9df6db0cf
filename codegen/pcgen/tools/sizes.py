"""pcgen sizes: how long packets are, and where in them which byte lies."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from pcgen.tools import command

if TYPE_CHECKING:
    from pcgen import ir
    from pcgen.byte_layout import Row


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--packet", metavar="NAME", action="append", default=[],
                        help="the byte layout of this packet, as name or protocol.name; may be "
                        "repeated")
    parser.add_argument("--layout", action="store_true", help="the byte layout of all packets")
    command.add_yaml(parser)


def _flows(packet: ir.Packet) -> str:
    return ", ".join(str(flow) for flow in packet.flows)


def _list(program: ir.Program) -> None:
    """One line for each packet; further ones for versions that changed it."""
    from pcgen import byte_layout

    for protocol in program.protocols:
        for packet in protocol.packets:
            print(f"0x{packet.id:04x}  {packet.frame.min:5} .. {packet.frame.max:5}  "
                  f"{protocol.name}.{packet.name:<24} {_flows(packet)}")
            versions = byte_layout.versions(packet)
            for version in versions if len(versions) > 1 else ():
                size = packet.frame_at(version)
                print(f"        {size.min:5} .. {size.max:5}    at version {version}")


def _shown(row: Row, last: int) -> str:
    from pcgen.spelling import span

    place = span(row.offset)
    name = "  " * row.depth + row.name
    return f"  {place:>11}  {span(row.size):>11}  {name:<{last}}  {row.type}" + (
        f"   ({row.note})" if row.note else "")


def _layout(protocol: ir.Protocol, packet: ir.Packet) -> None:
    from pcgen import byte_layout

    rows = byte_layout.rows(packet)
    last = max(len(row.name) + 2 * row.depth for row in rows)
    print(f"{protocol.name}.{packet.name}  id 0x{packet.id:04x}  {packet.frame.min} .. "
          f"{packet.frame.max} bytes  {_flows(packet)}")
    print(f"  {'offset':>11}  {'size':>11}  {'field':<{last}}  type")
    for row in rows:
        print(_shown(row, last).rstrip())
    versions = byte_layout.versions(packet)
    for version in versions if len(versions) > 1 else ():
        size = packet.frame_at(version)
        print(f"  at version {version}: {size.min} .. {size.max} bytes")
    print()


def _layouts(program: ir.Program, wanted: list[str]) -> int:
    from pcgen.diagnostics import did_you_mean

    packets = {f"{protocol.name}.{packet.name}": (protocol, packet)
               for protocol in program.protocols for packet in protocol.packets}
    for name in wanted:
        found = [key for key in packets if name in (key, key.partition(".")[2])]
        if not found:
            hint = did_you_mean(name, [*packets, *(key.partition(".")[2] for key in packets)])
            sys.stderr.write(f"pcgen: there is no packet `{name}`; {hint}\n".replace("; \n", "\n"))
            return command.FAILED
        for key in found:
            _layout(*packets[key])
    return command.OK


def _run(options: argparse.Namespace) -> int:
    compiled = command.compile_or_report(options, command.yaml_of(options))
    if compiled is None or compiled.program is None:
        return command.FAILED
    program = compiled.program
    if options.layout:
        options.packet = [f"{protocol.name}.{packet.name}" for protocol in program.protocols
                          for packet in protocol.packets]
    if options.packet:
        return _layouts(program, options.packet)
    _list(program)
    return command.OK


COMMAND = command.Command("sizes", "list the packets with their sizes, or show their byte layout",
                          "pcgen sizes --packet move protocol/*.yaml", _arguments, _run)
