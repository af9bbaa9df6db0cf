"""The generated Python against the same vectors as the generated C: identical bytes, the same
reasons to refuse. tests/generated does this for C, with the table whose likeness is shown here."""

from __future__ import annotations

import dataclasses
import importlib
import json
import struct
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from support import INCLUDE, ROOT, case_count, every_set, need, pcgen, run

from pcgen import pipeline
from pcgen.python import naming as python_naming

Case = tuple[ModuleType, Any, dict[str, Any]]
CUT = 40  # payloads of a packet that are cut at every size
SETS = every_set()


@pytest.fixture(scope="module", params=SETS)
def name(request: pytest.FixtureRequest) -> str:
    """Of a set of protocols."""
    return str(request.param)


@pytest.fixture(scope="module")
def folder(name: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is made of the set."""
    made = tmp_path_factory.mktemp(name)
    assert pcgen("gen", "--out", made, *SETS[name]).returncode == 0
    assert pcgen("vectors", "--out", made, *SETS[name]).returncode == 0
    return made


def read_vectors(folder: Path) -> list[dict[str, Any]]:
    """The protocols of the JSON."""
    found = json.loads((folder / "vectors.json").read_text())
    assert found["format"] == 1
    protocols: list[dict[str, Any]] = found["protocols"]
    return protocols


@pytest.fixture(scope="module")
def vectors(folder: Path) -> Iterator[list[Case]]:
    """The packets of one set of protocols: module, class, and vectors."""
    sys.path.insert(0, str(folder / "python"))
    sys.dont_write_bytecode = True
    yield [(module, module.PACKETS[packet["id"]], packet) for protocol in read_vectors(folder)
           for module in [importlib.import_module(protocol["name"])]
           for packet in protocol["packets"]]
    sys.path.remove(str(folder / "python"))
    for path in (folder / "python").glob("*.py"):
        sys.modules.pop(path.stem, None)
    for module in [name for name in sys.modules if name.partition(".")[0] == "roles"]:
        sys.modules.pop(module)


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


@pytest.mark.parametrize("name", ["demo", "wide", "protocol"], indirect=True)
def test_dispatcher_hands_over_what_its_role_hears(folder: Path, vectors: list[Case],
                                                   name: str) -> None:
    """Each packet that is taken reaches its method, and what is refused reaches none."""
    program = pipeline.compile_files(SETS[name]).program
    assert program is not None
    cases = {case["id"]: (module, kind, case) for module, kind, case in vectors}
    tables = [table for role in program.roles for table in role.accepts
              if any(entry.handled for entry in table.entries)]
    assert tables
    for table in tables:
        module = importlib.import_module(f"roles.{table.owner}")
        heard: list[tuple[str, Any]] = []
        dispatcher = hearing(getattr(module, python_naming.table(table)), heard)
        handled = [entry.packet for entry in table.entries if entry.handled]
        for packet in handled:
            _, kind, case = cases[packet.id]
            for item in case["accept"]:
                dispatcher.dispatch(frame_of(case, item["payload"]))
                assert heard.pop() == (python_naming.handler(packet),
                                       kind.decode(bytes.fromhex(item["payload"])))
            for item in case["reject"]:
                with pytest.raises(module._pcwire.DecodeError) as refused:
                    dispatcher.dispatch(frame_of(case, item["payload"]))
                assert refused.value.reason == item["reason"]
        for number in {0, *cases} - {packet.id for packet in handled}:
            with pytest.raises(module._pcwire.DecodeError) as refused:
                dispatcher.dispatch(struct.pack("<HH", 4, number))
            assert refused.value.reason == "id"
        assert not heard


def hearing(base: type[Any], heard: list[tuple[str, Any]]) -> Any:
    """A dispatcher that writes down what it is handed; without its methods there is none."""
    with pytest.raises(TypeError):
        base()

    def method(name: str) -> Callable[[Any, Any], None]:
        return lambda _, packet: heard.append((name, packet))

    return type("Hearing", (base,), {name: method(name) for name in base.__abstractmethods__})()


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


def test_no_case_of_the_json_is_left_out(folder: Path, vectors: list[Case]) -> None:
    here = sum(len(case[kind]) for _, _, case in vectors for kind in ("accept", "encode", "reject"))
    assert here == case_count(folder / "vectors.json")


def test_examples_of_the_yaml_are_cases(folder: Path, name: str) -> None:
    """Each by its number; what wide.yaml says of `tailed` is looked at byte by byte."""
    cases = {(protocol["name"], packet["name"], item["name"]): item
             for protocol in read_vectors(folder) for packet in protocol["packets"]
             for item in packet["accept"]}
    program = pipeline.compile_files(SETS[name]).program
    assert program is not None
    examples = [(protocol.name, packet.name, f"example_{number}")
                for protocol in program.protocols for packet in protocol.packets
                for number in range(1, len(packet.examples) + 1)]
    assert set(examples) <= set(cases)
    if name == "wide":
        assert ("wide", "tailed", "example_1") in examples
        answer = cases["wide", "tailed", "example_1"]
        assert (answer["payload"], answer["value"]) == ("2a000000", {"number": 42})


def test_frame_is_between_its_bounds(vectors: list[Case]) -> None:
    for _, _, case in vectors:
        sizes = [len(item["payload"]) // 2 + 4 for item in case["accept"]]
        assert case["frame_min"] <= min(sizes) and max(sizes) <= case["frame_max"]
        if case["canonical"]:
            assert (min(sizes), max(sizes)) == (case["frame_min"], case["frame_max"])


# ---- the table that C reads instead of the JSON ----

DUMP = """\
#include <stdio.h>

#include "generated/codec_case.h"

static void put_hex(const uint8_t *bytes, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++) {
        printf("%02x", bytes[i]);
    }
    putchar('\\t');
}

static void put_case(const struct codec_case *item)
{
    printf("packet %s %u %u %u %d\\n", item->name, item->id, item->frame_min, item->frame_max,
           item->is_canonical);
    for (size_t i = 0; i < item->accept_count; i++) {
        const struct codec_accept *accept = &item->accepts[i];
        const uint32_t *cut = accept->cuts;
        printf("accept %s\\t", accept->name);
        put_hex(accept->payload, accept->payload_size);
        put_hex(accept->encoded, accept->encoded_size);
        printf("%u", accept->version);
        for (; accept->has_cuts && *cut < accept->payload_size; cut++) {
            printf(" %u", *cut);
        }
        puts(accept->has_cuts ? " whole" : "");
    }
    for (size_t i = 0; i < item->encode_count; i++) {
        printf("encode %s\\t", item->encodes[i].name);
        put_hex(item->encodes[i].payload, item->encodes[i].payload_size);
        putchar('\\n');
    }
    for (size_t i = 0; i < item->reject_count; i++) {
        printf("reject %s\\t", item->rejects[i].name);
        put_hex(item->rejects[i].payload, item->rejects[i].payload_size);
        puts(pc_wire_error_name(item->rejects[i].error));
    }
}

int main(void)
{
    for (size_t i = 0; i < codec_case_count; i++) {
        put_case(&codec_cases[i]);
    }
    return 0;
}
"""


def spelled(protocol: str, packet: dict[str, Any]) -> Iterator[str]:
    """A packet of the JSON, as the program above says it."""
    yield (f"packet {protocol}_{packet['name']} {packet['id']} {packet['frame_min']} "
           f"{packet['frame_max']} {int(packet['canonical'])}")
    for item in packet["accept"]:
        cuts = [*map(str, item["cuts"]), "whole"] if "cuts" in item else []
        yield "\t".join((f"accept {item['name']}", item["payload"],
                         item.get("encoded", item["payload"]),
                         " ".join([str(item.get("version", 0)), *cuts])))
    for item in packet["encode"]:
        yield f"encode {item['name']}\t{item['payload']}\t"
    for item in packet["reject"]:
        yield f"reject {item['name']}\t{item['payload']}\t{item['reason']}"


def test_table_of_c_has_the_cases_of_the_json(folder: Path) -> None:
    """All of them, in order. That its values are the JSON's follows: C must make a case's bytes of
    the one, and the other languages must read the other from them."""
    (folder / "dump.c").write_text(DUMP)
    codecs = [path for path in (folder / "proto").glob("*.c")
              if path.stem.endswith(("_codec", "_ids"))]
    built = run(need("gcc"), "-std=c11", "-O0", "-w", f"-I{INCLUDE}", f"-I{folder}",
                f"-I{ROOT / 'tests'}", folder / "dump.c", folder / "vectors.c", *codecs,
                ROOT / "runtime" / "base" / "wire.c", "-o", folder / "dump")
    assert built.returncode == 0, built.stderr
    said = run(folder / "dump").stdout.splitlines()
    assert said == [line for protocol in read_vectors(folder) for packet in protocol["packets"]
                    for line in spelled(protocol["name"], packet)]
