"""pcgen wireshark: a dissector of every link, in one Lua file."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from pcgen.tools import command

MORE = """\
  tshark -X lua_script:portcullis.lua -i lo -f "tcp port 7000" -V

The preference of a listener is named <who listens>_<who connects>. Without ports Wireshark finds
the connections by their frames.
"""


def _name(text: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]{1,30}", text):
        raise argparse.ArgumentTypeError("a name is snake_case")
    return text


def _port(text: str) -> tuple[str, str]:
    match = re.fullmatch(r"(\w+)=(\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*)", text)
    if match is None:
        raise argparse.ArgumentTypeError("as in gate_client=7000, or gate_client=7000-7003")
    return match[1], match[2]


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, required=True, help="the .lua file to write")
    parser.add_argument("--name", type=_name, default="portcullis",
                        help="the protocol's name in filters; if left out: portcullis")
    parser.add_argument("--port", type=_port, action="append", default=[],
                        metavar="LISTENER=PORTS", help="default of a preference, such as "
                        "gate_client=7000; may be repeated")
    command.add_format(parser)
    command.add_yaml(parser)


def _run(options: argparse.Namespace) -> int:
    from pcgen import writer
    from pcgen.wireshark import lower

    compiled = command.compile_or_report(options, command.yaml_of(options))
    if compiled is None or compiled.program is None:
        return command.FAILED
    view = lower.lower(compiled.program, options.name, dict(options.port))
    known = [listener.preference for listener in view.listeners]
    unknown = [name for name, _ in options.port if name not in known]
    if unknown:
        sys.stderr.write(f"pcgen: there is no listener `{unknown[0]}`; there are "
                         f"{', '.join(sorted(known))}\n")
        return command.USAGE
    writer.write_if_changed(options.out, lower.render(view))
    return command.OK


COMMAND = command.Command("wireshark", "write a dissector for Wireshark",
                          "pcgen wireshark --out portcullis.lua --port gate_client=7000 "
                          "protocol/*.yaml", _arguments, _run, MORE)
