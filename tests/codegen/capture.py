"""Capture files made of chosen TCP segments, and what tshark reads in them.

The file has raw IPv4 packets (link type 101). Checksums are 0: tshark does not verify them.
"""

from __future__ import annotations

import re
import struct
import xml.etree.ElementTree
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from support import need, run

SERVER_PORT = 7000
_LINK_TYPE_RAW = 101
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Segment:
    """Bytes on their way to the server, or from it. `client_port` tells connections apart."""

    data: bytes
    client_port: int = 40000
    from_server: bool = False


def write_capture(path: Path, segments: Sequence[Segment], server_port: int = SERVER_PORT) -> None:
    """One packet for each segment; sequence numbers go on within a connection's direction."""
    sent: dict[tuple[int, bool], int] = {}
    records = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 0xFFFF, _LINK_TYPE_RAW)]
    for number, segment in enumerate(segments):
        here = (segment.client_port, segment.from_server)
        back = (segment.client_port, not segment.from_server)
        ports = (server_port, segment.client_port)
        source, target = ports if segment.from_server else ports[::-1]
        tcp = struct.pack(">HHIIBBHHH", source, target, 1 + sent.get(here, 0),
                          1 + sent.get(back, 0), 5 << 4, 0x18, 0xFFFF, 0, 0)
        ip = struct.pack(">BBHHHBBHII", 0x45, 0, 40 + len(segment.data), number & 0xFFFF, 0, 64,
                         6, 0, 0x7F000001, 0x7F000001)
        packet = ip + tcp + segment.data
        records.append(struct.pack("<IIII", 1_000_000 + number, 0, len(packet), len(packet)))
        records.append(packet)
        sent[here] = sent.get(here, 0) + len(segment.data)
    path.write_bytes(b"".join(records))


@dataclass(frozen=True, slots=True)
class Item:
    """A field of the tree: its name in filters, its value and its line as tshark prints them, and
    its bytes."""

    name: str
    value: str
    line: str
    data: bytes = b""


def tshark(capture: Path, dissector: Path, *options: str) -> str:
    """What tshark prints."""
    result = run(need("tshark"), "-r", capture, "-X", f"lua_script:{dissector}", *options,
                 encoding="utf-8", errors="replace")
    assert result.returncode == 0, result.stderr
    assert "Lua" not in result.stderr, result.stderr
    assert "Lua Error" not in result.stdout
    return result.stdout


def _item(field: xml.etree.ElementTree.Element) -> Item:
    return Item(field.get("name", ""), field.get("show", ""), field.get("showname", ""),
                bytes.fromhex(field.get("value", "")))


def items_of(capture: Path, dissector: Path, *options: str) -> list[list[list[Item]]]:
    """For each packet of the capture its frames, for each frame its items in order."""
    text = _NOT_XML.sub("?", tshark(capture, dissector, "-T", "pdml", *options))
    document = xml.etree.ElementTree.fromstring(text)
    return [[[_item(field) for field in frame.iter("field")]
             for frame in packet.findall("proto[@name='portcullis']")]
            for packet in document.findall("packet")]
