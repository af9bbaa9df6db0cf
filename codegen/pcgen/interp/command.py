"""`pcgen encode` and `pcgen decode`.

A packet in JSON is `{"packet": "client.echo_request", "value": {"sequence": 1, "text": "hello"}}`.
"""

from __future__ import annotations

import argparse
import json
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

from pcgen import ir
from pcgen.diagnostics import did_you_mean
from pcgen.failure import Failure
from pcgen.interp import decode, frames, json_in, json_out
from pcgen.vectors.reference import encode

ENCODE_MORE = """\
  pcgen encode --file packets.jsonl --raw > frames.bin    objects of packet and value, one behind
                                                          the other or in one list
  pcgen decode --hex '0f000201...' | pcgen encode         and back again

Values are written as examples are in the YAML.
Exit status: 0, 1 if a value does not fit, 2 wrong usage.
"""

DECODE_MORE = """\
  pcgen decode --hex '0f 00 02 01 ...'                    one frame or many
  pcgen decode --file frames.bin --raw                    a stream as it was on the connection
  xxd -p frames.bin | pcgen decode --from client --pretty
  pcgen decode --hex ... --secrets                        show passwords and tokens too

Exit status: 0, 1 if something is refused (what came before it is printed), 2 wrong usage.
"""


def _add_input(parser: argparse.ArgumentParser, option: str, **about: str) -> None:
    """The option that has the input itself, or the file it is in."""
    given = parser.add_mutually_exclusive_group()
    given.add_argument(option, metavar=about["metavar"], help=about["help"])
    given.add_argument("--file", type=Path, help="read this; standard input if left out")


def add_encode(encoder: argparse.ArgumentParser) -> None:
    """The options of `encode`; the YAML files are the caller's."""
    encoder.add_argument("--packet", metavar="NAME", help="as client.echo_request; its value "
                                                          "follows as --value or is read")
    _add_input(encoder, "--value", metavar="JSON", help="the packet's fields")
    encoder.add_argument("--version", type=int, metavar="N",
                         help="encode as a sender of that version; the newest if left out")
    encoder.add_argument("--raw", action="store_true", help="write bytes, not hexadecimal lines")


def add_decode(decoder: argparse.ArgumentParser) -> None:
    """The options of `decode`."""
    _add_input(decoder, "--hex", metavar="TEXT", help="the frames, in hexadecimal")
    decoder.add_argument("--raw", action="store_true", help="the input is bytes, not hexadecimal")
    decoder.add_argument("--from", dest="sender", metavar="ROLE",
                         help="refuse what this role may not send")
    decoder.add_argument("--to", dest="receiver", metavar="ROLE",
                         help="refuse what this role does not receive")
    decoder.add_argument("--secrets", action="store_true", help="show secret fields")
    decoder.add_argument("--pretty", action="store_true", help="one field a line")


def run(options: argparse.Namespace, program: ir.Program) -> int:
    """Returns the exit status."""
    try:
        if options.command == "encode":
            _encode(options, program)
        else:
            _decode(options, program)
    except (Failure, frames.BadStream, json_in.Mistake) as failure:
        sys.stdout.flush()
        sys.stderr.write(f"pcgen {options.command}: {failure}\n")
        return 1
    return 0


def _input(file: Path | None) -> bytes:
    return file.read_bytes() if file else sys.stdin.buffer.read()


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Failure("the input is no text; --raw reads bytes") from None


def _objects(text: str) -> Iterator[object]:
    """The JSON values of a text, one behind the other; a list stands for its items."""
    decoder = json.JSONDecoder()
    at = 0
    while text[at:].strip():
        at += len(text[at:]) - len(text[at:].lstrip())
        try:
            value, at = decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            raise Failure(f"line {error.lineno}, column {error.colno}: {error.msg}") from None
        except RecursionError:
            raise Failure("the JSON is nested too deeply") from None
        except ValueError as error:  # a number of thousands of digits
            raise Failure(f"the JSON cannot be read: {error}") from None
        yield from value if isinstance(value, list) else (value,)


def _packet_of(program: ir.Program, name: object) -> ir.Packet:
    """By `protocol.packet`, or by the packet's name where only one protocol has it."""
    known = {f"{packet.protocol}.{packet.name}": packet
             for protocol in program.protocols for packet in protocol.packets}
    found = [packet for full, packet in known.items() if name in (full, packet.name)]
    if len(found) == 1:
        return found[0]
    if found:
        raise Failure(f"several protocols have a packet `{name}`; put the protocol before it")
    hint = did_you_mean(str(name), known)
    raise Failure(f"there is no packet `{name}`" + (f" ({hint})" if hint else ""))


def _wanted(options: argparse.Namespace, program: ir.Program,
            ) -> Iterator[tuple[ir.Packet, object]]:
    if options.value is not None and options.packet is None:
        raise Failure("--value needs --packet")
    if options.packet is not None:
        packet = _packet_of(program, options.packet)
        text = options.value if options.value is not None else _text(_input(options.file))
        if not text.strip():
            raise Failure(f"there is no value of {options.packet}")
        yield from ((packet, value) for value in _objects(text))
        return
    for item in _objects(_text(_input(options.file))):
        if not isinstance(item, dict) or not {"packet", "value"} <= item.keys():
            raise Failure('an object of "packet" and "value" is needed (or --packet)')
        yield _packet_of(program, item["packet"]), item["value"]


def _version(options: argparse.Namespace, program: ir.Program, packet: ir.Packet) -> int:
    """That of the sender."""
    newest = next(protocol.version for protocol in program.protocols
                  if protocol.name == packet.protocol)
    version: int = newest if options.version is None else options.version
    if not 1 <= version <= newest:
        raise Failure(f"{packet.protocol} has the versions 1..{newest}, not {version}")
    if version < packet.since:
        raise Failure(f"{packet.protocol}.{packet.name} came with version {packet.since}")
    return version


def _frame(packet: ir.Packet, values: tuple[ir.Value, ...], version: int) -> bytes:
    name = f"{packet.protocol}.{packet.name}"
    most = packet.frame_at(version).max
    try:
        payload = bytes(encode(packet.fields, values, version).data)
    except struct.error:  # the values are checked, so it is a length of 16 bits that overflows
        raise Failure(f"{name} is longer than a frame, which has at most {most} bytes") from None
    size = ir.HEADER_SIZE + len(payload)
    if size > most:
        raise Failure(f"{name} has {size} bytes where a frame has at most {most}")
    return frames.join(packet.id, payload)


def _encode(options: argparse.Namespace, program: ir.Program) -> None:
    for packet, given in _wanted(options, program):
        values = json_in.fields_of(packet.fields, given, f"{packet.protocol}.{packet.name}")
        frame = _frame(packet, values, _version(options, program, packet))
        if options.raw:
            sys.stdout.buffer.write(frame)
        else:
            print(frame.hex())
    sys.stdout.flush()


def _goes(flow: ir.Flow, options: argparse.Namespace) -> bool:
    return (options.sender in (None, flow.sender)) and (options.receiver in (None, flow.receiver))


def _check_roles(options: argparse.Namespace, program: ir.Program) -> None:
    names = [role.name for role in program.roles]
    for name in (options.sender, options.receiver):
        if name is not None and name not in names:
            hint = did_you_mean(name, names)
            raise Failure(f"there is no role `{name}`" + (f" ({hint})" if hint else ""))


def _decode(options: argparse.Namespace, program: ir.Program) -> None:
    _check_roles(options, program)
    by_id = {packet.id: packet for protocol in program.protocols for packet in protocol.packets}
    printer = json_out.Printer(options.secrets)
    if options.hex is not None:
        data = frames.from_hex(options.hex)
    else:
        data = _input(options.file)
        data = data if options.raw else frames.from_hex(_text(data))
    for number, frame in enumerate(frames.cut(data), 1):
        where = f"frame {number} (byte {frame.offset})"
        packet = by_id.get(frame.id)
        if packet is None:
            raise Failure(f"{where}: no packet has the id 0x{frame.id:04x}")
        name = f"{packet.protocol}.{packet.name}"
        if not any(_goes(flow, options) for flow in packet.flows):
            flows = ", ".join(str(flow) for flow in packet.flows)
            raise Failure(f"{where}: {name} goes {flows}")
        size = ir.HEADER_SIZE + len(frame.payload)
        if size > packet.frame.max:
            raise Failure(f"{where}: {name} is refused: {size} bytes where a frame has at most "
                          f"{packet.frame.max}")
        try:
            values = decode.decode(packet, frame.payload)
        except decode.Refused as refused:
            raise Failure(f"{where}: {name} is refused: {refused}") from None
        shown = {"packet": name, "value": printer.fields(packet.fields, values)}
        print(json.dumps(shown, ensure_ascii=False, indent=2 if options.pretty else None))
    sys.stdout.flush()
