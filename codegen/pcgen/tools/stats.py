"""pcgen stats: how big the protocol is."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from pcgen.tools import command

if TYPE_CHECKING:
    from pcgen import ir

_COLUMNS = ("packets", "fields", "structs", "unions", "enums", "flags", "consts", "fixed",
            "smallest", "largest", "with_rate", "examples")


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="as JSON, for tools")
    command.add_yaml(parser)


def _protocol(protocol: ir.Protocol) -> dict[str, int]:
    """fixed: packets of one size; smallest and largest: bytes of a frame."""
    frames = [packet.frame for packet in protocol.packets]
    return {
        "packets": len(protocol.packets),
        "fields": sum(len(packet.fields) for packet in protocol.packets),
        "structs": len(protocol.structs),
        "unions": len(protocol.unions),
        "enums": len(protocol.enums),
        "flags": len(protocol.flags),
        "consts": len(protocol.consts),
        "fixed": sum(frame.is_fixed for frame in frames),
        "smallest": min((frame.min for frame in frames), default=0),
        "largest": max((frame.max for frame in frames), default=0),
        "with_rate": sum(packet.rate is not None for packet in protocol.packets),
        "examples": sum(len(packet.examples) for packet in protocol.packets),
    }


def _tables(program: ir.Program) -> list[dict[str, object]]:
    return [{"table": f"{table.owner} <- {table.sender}", "kind": table.kind.value,
             "packets": len(table.entries),
             "handled": sum(entry.handled for entry in table.entries),
             "rates": len(table.rates), "largest": table.frame_max}
            for role in program.roles for table in role.accepts]


def _ids(protocol: ir.Protocol) -> list[dict[str, object]]:
    """How full each flow's range of ids is."""
    found: list[dict[str, object]] = []
    for item in protocol.flows:
        ids = item.ids
        used = sum(ids.first <= packet.id <= ids.last for packet in protocol.packets)
        free = next((value for value in range(ids.first, ids.last + 1)
                     if all(packet.id != value for packet in protocol.packets)), None)
        found.append({"protocol": protocol.name, "flow": str(item.flow),
                      "ids": f"0x{ids.first:04x}-0x{ids.last:04x}", "used": used,
                      "of": ids.last - ids.first + 1,
                      "next_free": f"0x{free:04x}" if free is not None else "none"})
    return found


def _print(title: str, rows: list[dict[str, object]]) -> None:
    if not rows:
        return
    heads = list(rows[0])
    cells = [[head.replace("_", " ") for head in heads]]
    cells += [[str(row[head]) for head in heads] for row in rows]
    widths = [max(len(line[column]) for line in cells) for column in range(len(heads))]
    print(title)
    for line in cells:
        texts = [text.rjust(width) if cells[1][column].isdigit() else text.ljust(width)
                 for column, (text, width) in enumerate(zip(line, widths, strict=True))]
        print("  " + "  ".join(texts).rstrip())
    print()


def _run(options: argparse.Namespace) -> int:
    compiled = command.compile_or_report(options, command.yaml_of(options))
    if compiled is None or compiled.program is None:
        return command.FAILED
    program = compiled.program
    numbers = {protocol.name: _protocol(protocol) for protocol in program.protocols}
    ids = [row for protocol in program.protocols for row in _ids(protocol)]
    if options.json:
        print(json.dumps({"protocols": numbers, "tables": _tables(program), "ids": ids}, indent=2))
        return command.OK
    _print("protocols", [{"protocol": name, **{key: row[key] for key in _COLUMNS}}
                         for name, row in numbers.items()])
    _print("accept tables", _tables(program))
    _print("ids", ids)
    return command.OK


COMMAND = command.Command("stats", "count packets, tables and ids, and show which ids are free",
                          "pcgen stats protocol/*.yaml", _arguments, _run)
