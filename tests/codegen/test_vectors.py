"""The generated Python against the same vectors as the generated C: identical bytes, the same
reasons to refuse. tests/generated does this for C."""

from __future__ import annotations

import dataclasses
import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from support import golden_inputs, pcgen, protocol_inputs, wide_inputs

INPUTS = {"demo": golden_inputs, "protocol": protocol_inputs, "wide": wide_inputs}


@pytest.fixture(scope="module", params=["demo", "protocol", "wide"])
def vectors(request: pytest.FixtureRequest,
            tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[dict[str, Any]]]:
    """The vectors of one set of protocols, whose modules can be imported meanwhile."""
    inputs = INPUTS[request.param]()
    folder = tmp_path_factory.mktemp(request.param)
    assert pcgen("gen", "--out", folder, *inputs).returncode == 0
    assert pcgen("vectors", "--out", folder, *inputs).returncode == 0
    sys.path.insert(0, str(folder / "python"))
    sys.dont_write_bytecode = True
    yield json.loads((folder / "vectors.json").read_text())
    sys.path.remove(str(folder / "python"))
    for path in (folder / "python").glob("*.py"):
        sys.modules.pop(path.stem, None)


def packet_class(case: dict[str, Any]) -> tuple[ModuleType, Any]:
    module = importlib.import_module(case["protocol"])
    return module, module.PACKETS[case["id"]]


def plain(value: Any) -> Any:
    """A packet's value in the form of the JSON."""
    if dataclasses.is_dataclass(value):
        return [plain(getattr(value, field.name)) for field in dataclasses.fields(value)]
    if isinstance(value, str):
        return value.encode().hex()
    if isinstance(value, bytes):
        return value.hex()
    return [plain(item) for item in value] if isinstance(value, list) else value


def test_payload_decodes_to_its_values_and_encodes_to_itself(vectors: list[Any]) -> None:
    for case in vectors:
        module, kind = packet_class(case)
        for sample in case["samples"]:
            payload = bytes.fromhex(sample["payload"])
            packet = kind.decode(payload)
            assert plain(packet) == sample["values"], (case["name"], sample["name"])
            frame = packet.encode()
            assert frame[4:] == payload
            assert frame[:4] == len(frame).to_bytes(2, "little") + case["id"].to_bytes(2, "little")
            assert module.decode_frame(frame) == packet


def test_broken_payload_is_refused_with_the_reason_that_c_gives(vectors: list[Any]) -> None:
    for case in vectors:
        module, kind = packet_class(case)
        for item in case["broken"]:
            with pytest.raises(module.pcwire.DecodeError) as refused:
                kind.decode(bytes.fromhex(item["payload"]))
            assert refused.value.reason == item["reason"], (case["name"], item["what"])


def test_truncated_payload_is_refused(vectors: list[Any]) -> None:
    for case in vectors:
        module, kind = packet_class(case)
        payload = bytes.fromhex(case["samples"][1]["payload"])
        for size in range(len(payload)):
            if size in case["samples"][1]["ends"]:
                kind.decode(payload[:size])
                continue
            with pytest.raises(module.pcwire.DecodeError) as refused:
                kind.decode(payload[:size])
            assert refused.value.reason == "truncated"


def test_every_packet_has_samples_and_something_broken(vectors: list[Any]) -> None:
    assert all(len(case["samples"]) >= 4 and case["broken"] for case in vectors)
    if any(case["protocol"] == "demo" for case in vectors):
        reasons = {item["reason"] for case in vectors for item in case["broken"]}
        assert reasons == {"trailing", "count", "enum", "bool", "utf8", "float"}
    if any(case["protocol"] == "wide" for case in vectors):
        reasons = {item["reason"] for case in vectors for item in case["broken"]}
        assert reasons >= {"range", "flags", "tag", "charset", "count"}
