"""The generated Python against the same vectors as the generated C: identical bytes, the same
reasons to refuse. tests/generated does this for C."""

from __future__ import annotations

import dataclasses
import importlib
import json
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from support import every_set, pcgen

Case = tuple[ModuleType, Any, dict[str, Any]]
CUT = 40  # payloads of a packet that are cut at every size
SETS = every_set()


@pytest.fixture(scope="module", params=SETS)
def vectors(request: pytest.FixtureRequest,
            tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Case]]:
    """The packets of one set of protocols: module, class, and vectors."""
    inputs = SETS[request.param]
    folder = tmp_path_factory.mktemp(request.param)
    assert pcgen("gen", "--out", folder, *inputs).returncode == 0
    assert pcgen("vectors", "--out", folder, *inputs).returncode == 0
    sys.path.insert(0, str(folder / "python"))
    sys.dont_write_bytecode = True
    found = json.loads((folder / "vectors.json").read_text())
    assert found["format"] == 1
    yield [(module, module.PACKETS[packet["id"]], packet) for protocol in found["protocols"]
           for module in [importlib.import_module(protocol["name"])]
           for packet in protocol["packets"]]
    sys.path.remove(str(folder / "python"))
    for path in (folder / "python").glob("*.py"):
        sys.modules.pop(path.stem, None)


def plain(value: Any) -> Any:
    """A packet's value in the form of the JSON."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, int) and abs(value) >= 1 << 53:
        return str(value)
    if not dataclasses.is_dataclass(value):
        return value
    members = {field.name: plain(getattr(value, field.name))
               for field in dataclasses.fields(value)}
    if is_union(value):
        members["case"] = next((name.lower() for name, tag in vars(type(value)).items()
                                if name.isupper() and tag == value.tag), None)
    return members


def is_union(value: Any) -> bool:
    names = [field.name for field in dataclasses.fields(value)]
    return names == ["tag", "value"] and not hasattr(value, "ID")


def frame_of(case: dict[str, Any], payload: str) -> bytes:
    data = bytes.fromhex(payload)
    return struct.pack("<HH", len(data) + 4, case["id"]) + data


def test_payload_decodes_to_its_values_and_encodes_again(vectors: list[Case]) -> None:
    for module, kind, case in vectors:
        for item in case["accept"]:
            packet = kind.decode(bytes.fromhex(item["payload"]))
            assert plain(packet) == item["value"], (case["name"], item["name"])
            frame = packet.encode()
            assert frame == frame_of(case, item.get("encoded", item["payload"])), item["name"]
            assert module.decode_frame(frame_of(case, item["payload"])) == packet
            if "version" in item:
                assert packet.encode(item["version"]) == frame_of(case, item["payload"])


def test_value_that_is_not_exact_is_encoded_like_the_nearest(vectors: list[Case]) -> None:
    for _, kind, case in vectors:
        for item in case["encode"]:
            name = item["name"].split(":")[0]
            nearest = kind.decode(bytes.fromhex(item["payload"]))
            packet = dataclasses.replace(nearest, **{name: item["value"][name]})
            assert packet.encode() == frame_of(case, item["payload"]), item["name"]
            assert getattr(nearest, name) != item["value"][name]


def test_broken_payload_is_refused_with_the_reason_that_c_gives(vectors: list[Case]) -> None:
    for module, kind, case in vectors:
        for item in case["reject"]:
            with pytest.raises(module.pcwire.DecodeError) as refused:
                kind.decode(bytes.fromhex(item["payload"]))
            assert refused.value.reason == item["reason"], (case["name"], item["name"])


def test_truncated_payload_is_refused(vectors: list[Case]) -> None:
    for module, kind, case in vectors:
        for item in case["accept"][:CUT]:
            payload = bytes.fromhex(item["payload"])
            for size in range(len(payload) if "cuts" in item else 0):
                if size in item["cuts"]:
                    kind.decode(payload[:size])
                    continue
                with pytest.raises(module.pcwire.DecodeError) as refused:
                    kind.decode(payload[:size])
                assert refused.value.reason == "truncated"


def test_every_packet_has_something_to_accept_and_to_reject(vectors: list[Case]) -> None:
    assert all(case["accept"] for _, _, case in vectors)
    assert all(case["reject"] or case["frame_min"] == 4 for _, _, case in vectors)
    reasons = {item["reason"] for _, _, case in vectors for item in case["reject"]}
    match vectors[0][0].NAME:
        case "inner":
            assert reasons == {"trailing", "truncated", "count", "enum", "bool", "utf8", "float"}
        case "wide":
            assert reasons == {"trailing", "truncated", "count", "enum", "bool", "utf8", "float",
                               "range", "flags", "tag", "charset"}
            assert any(case["encode"] for _, _, case in vectors)


def test_frame_is_between_its_bounds(vectors: list[Case]) -> None:
    for _, _, case in vectors:
        sizes = [len(item["payload"]) // 2 + 4 for item in case["accept"]]
        assert case["frame_min"] <= min(sizes) and max(sizes) <= case["frame_max"]
        if case["canonical"]:
            assert (min(sizes), max(sizes)) == (case["frame_min"], case["frame_max"])
