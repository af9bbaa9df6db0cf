"""Old and new version of one schema in Python: each reads what the other sends, for every vector of
both. tests/generated/versions does it for C, test_csharp and test_typescript for those."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support import make_versions

Packets = list[dict[str, Any]]


@dataclass(frozen=True)
class Side:
    module: Any
    packets: Packets


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Side, Side]]:
    """Old and new."""
    folder = tmp_path_factory.mktemp("versions")
    make_versions(folder, "--out")
    for name in ("old", "now"):
        sys.path.insert(0, str(folder / name / "python"))
    sys.dont_write_bytecode = True
    yield side(folder, "old"), side(folder, "now")
    for name in ("old", "now"):
        sys.path.remove(str(folder / name / "python"))
    for name in ("old", "now", "pcwire"):
        sys.modules.pop(name, None)


def side(folder: Path, name: str) -> Side:
    found = json.loads((folder / name / "vectors.json").read_text())
    return Side(importlib.import_module(name), found["protocols"][0]["packets"])


def test_new_side_reads_the_old_one_and_answers_in_its_bytes(sides: tuple[Side, Side]) -> None:
    old, new = sides
    for packet in old.packets:
        for item in packet["accept"]:
            if "encoded" in item:
                continue  # what some other newer version would send
            read = new.module.PACKETS[packet["id"]].decode(bytes.fromhex(item["payload"]))
            back = old.module.decode_frame(read.encode(1))
            assert back.encode()[4:].hex() == item["payload"], item["name"]


def test_old_side_reads_what_the_new_one_sends_at_its_version(sides: tuple[Side, Side]) -> None:
    old, new = sides
    for packet in new.packets:
        if packet["id"] not in old.module.PACKETS:
            continue
        for item in packet["accept"]:
            sent = new.module.PACKETS[packet["id"]].decode(bytes.fromhex(item["payload"]))
            read = old.module.decode_frame(sent.encode(1))
            again = new.module.decode_frame(read.encode())
            assert old.module.decode_frame(again.encode(1)) == read, item["name"]


def test_newest_frame_is_refused_or_skipped_but_never_misread(sides: tuple[Side, Side]) -> None:
    old, new = sides
    for packet in new.packets:
        if packet["id"] not in old.module.PACKETS:
            continue
        kind = new.module.PACKETS[packet["id"]]
        newest = kind.decode(bytes.fromhex(packet["accept"][0]["payload"]))
        grew = newest.encode() != newest.encode(1)
        if grew and packet["name"] != "ticked":
            with pytest.raises(old.module.pcwire.DecodeError) as refused:
                old.module.decode_frame(newest.encode())
            assert refused.value.reason == "trailing"
        else:
            assert old.module.decode_frame(newest.encode()) == \
                old.module.decode_frame(newest.encode(1))
