"""`pcgen encode` and `pcgen decode`: the same bytes and verdicts as generated codecs have."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import ROOT, every_set, need, pcgen, protocol_inputs, run, wide_inputs

from pcgen import ir, pipeline
from pcgen.interp import decode, frames, json_in, json_out
from pcgen.vectors import cases, reference
from pcgen.vectors.samples import samples

WIDE = wide_inputs()[0]
HELLO = '{"sequence": 7, "text": "h\u00e9llo"}'
HELLO_FRAME = "1000030107000000060068c3a96c6c6f"
LOGIN = '{"name": "ann", "password": "open sesame"}'


def packets(program: ir.Program) -> Iterator[ir.Packet]:
    return (packet for protocol in program.protocols for packet in protocol.packets)


@pytest.fixture(scope="module", params=every_set())
def program(request: pytest.FixtureRequest) -> ir.Program:
    compiled = pipeline.compile_files(every_set()[request.param])
    assert compiled.program is not None
    return compiled.program


def test_vectors_decode_go_through_json_and_encode_again(program: ir.Program) -> None:
    printer = json_out.Printer(shows_secrets=True)
    for packet in packets(program):
        for item in cases.of_packet(packet).accept:
            read = decode.decode(packet, item.payload)
            text = json.dumps(printer.fields(packet.fields, read))
            again = json_in.fields_of(packet.fields, json.loads(text), packet.name)
            made = reference.encode(packet.fields, again).data
            assert made == item.encoded, (packet.name, item.name, text)


def test_refusals_are_those_of_generated_decoders(program: ir.Program) -> None:
    for packet in packets(program):
        for item in cases.of_packet(packet).reject:
            with pytest.raises(decode.Refused) as refused:
                decode.decode(packet, item.payload)
            assert refused.value.reason == item.reason, (packet.name, item.name)


def test_payload_that_ends_early_is_older_or_truncated(program: ir.Program) -> None:
    for packet in packets(program):
        values = dict(samples(packet))["mixed"]
        payload = bytes(reference.encode(packet.fields, values).data)
        ends = {len(reference.encode(packet.fields, values, group.since).data)
                for group in packet.groups}
        for size in range(len(payload)):
            if size in ends:
                decode.decode(packet, payload[:size])
                continue
            with pytest.raises(decode.Refused) as refused:
                decode.decode(packet, payload[:size])
            assert refused.value.reason == "truncated"


def test_json_reads_as_the_yaml_of_an_example(program: ir.Program) -> None:
    wide = {packet.name: packet for packet in packets(program) if packet.protocol == "wide"}
    if not wide:
        return
    shown = json_out.Printer(False).fields(
        wide["unions"].fields,
        json_in.fields_of(wide["unions"].fields, {
            "first": {"ground": {"x": 0.1, "level": 3}}, "all": ["nobody", {"entity": 1 << 60}],
            "effect": {"unknown": {"tag": 77, "bytes": "0102"}},
            "two": ["none", {"damage": 9}], "profile": {"name": "Ann"}, "counters": [],
            "last": 5}, "unions"))
    assert shown == {
        "first": {"ground": {"x": 0.1, "level": 3}}, "all": ["nobody", {"entity": 1 << 60}],
        "effect": {"unknown": {"tag": 77, "bytes": "0102"}}, "two": ["none", {"damage": 9}],
        "profile": {"name": "Ann", "age": 7, "spots": [{"x": 1.0, "level": 2}]}, "counters": [],
        "last": 5}


NUMBERS = {"tiny": 1, "cold": 0, "large": 5, "ratio": 0.5, "wide": 0, "turn": 90, "fine": 0.001,
           "mood": "GLAD", "steps": ["RUN"], "mark": 9, "levels": [], "moods": [77, "SAD"],
           "angles": []}


@pytest.mark.parametrize(("field", "value", "said"), [
    ("tiny", 61, "numbers.tiny: 61 is not in 1..60"),
    ("tiny", 1.5, "a whole number"), ("tiny", True, "a whole number"), ("tiny", "1", "whole"),
    ("ratio", 1.01, "is not in 0..1"), ("ratio", float("nan"), "not finite"),
    ("turn", 181, "not in -180..180"), ("mood", "GLAT", "did you mean `GLAD`?"),
    ("mood", 1 << 20, "not in"), ("steps", ["RUNS"], "did you mean `RUN`?"),
    ("steps", 4, "unknown to step"), ("steps", "RUN", "a list of step"),
    ("levels", [2, 10], "numbers.levels[1]: 10 is not in 2..9"), ("levels", [2] * 5, "5 elements"),
    ("moods", ["SAD"], "1 elements where 2..2"), ("extra", 1, "there is no field `extra`"),
])
def test_what_does_not_fit_is_named(field: str, value: object, said: str) -> None:
    compiled = pipeline.compile_files([WIDE])
    assert compiled.program is not None
    numbers = next(item for item in packets(compiled.program) if item.name == "numbers")
    json_in.fields_of(numbers.fields, NUMBERS, "numbers")
    with pytest.raises(json_in.Mistake) as mistake:
        json_in.fields_of(numbers.fields, {**NUMBERS, field: value}, "numbers")
    assert said in str(mistake.value)


@pytest.mark.parametrize("text", [
    "04000100", "0x04, 0x00, 0x01, 0x00", "04:00:01:00", "04 00  # size\n01 00 # id\n",
])
def test_hexadecimal_is_read_as_people_write_it(text: str) -> None:
    assert frames.from_hex(text) == b"\x04\x00\x01\x00"


# ---- the commands ----

def test_frame_goes_there_and_back() -> None:
    made = pcgen("encode", "--packet", "client.echo_request", "--value", HELLO, *protocol_inputs())
    assert (made.returncode, made.stdout) == (0, HELLO_FRAME + "\n"), made.stderr
    read = pcgen("decode", "--hex", made.stdout, *protocol_inputs())
    assert json.loads(read.stdout) == {"packet": "client.echo_request", "value": json.loads(HELLO)}
    again = pcgen("encode", *protocol_inputs(), input=read.stdout)
    assert again.stdout == made.stdout


def test_stream_in_a_file_goes_there_and_back(tmp_path: Path) -> None:
    items = [{"packet": "echo_request", "value": {"sequence": number, "text": "x" * number}}
             for number in range(20)]
    (tmp_path / "in.json").write_text(json.dumps(items))
    script = (f"set -e; run() {{ /usr/bin/python3 -B {ROOT}/codegen/pcgen_main.py \"$@\" "
              f"{ROOT}/protocol/*.yaml; }}; run encode --raw --file in.json > frames.bin; "
              "run decode --raw --file frames.bin > out.jsonl; run decode --raw < frames.bin")
    result = run(need("bash"), "-c", script, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [line["value"] for line in lines] == [item["value"] for item in items]
    assert result.stdout == (tmp_path / "out.jsonl").read_text()


def test_secrets_are_shown_only_when_asked_for() -> None:
    made = pcgen("encode", "--packet", "client.login_request", "--value", LOGIN,
                 *protocol_inputs())
    assert made.returncode == 0, made.stderr
    hidden = pcgen("decode", "--hex", made.stdout, *protocol_inputs())
    assert "open sesame" not in hidden.stdout and "ann" in hidden.stdout
    shown = pcgen("decode", "--secrets", "--hex", made.stdout, *protocol_inputs())
    assert json.loads(shown.stdout)["value"] == json.loads(LOGIN)
    refused = pcgen("encode", *protocol_inputs(), input=hidden.stdout)
    assert refused.returncode == 1 and "decode with --secrets" in refused.stderr


def test_older_version_is_encoded_without_later_groups() -> None:
    value = '{"text": "a", "channel": 9}'
    sizes = [len(pcgen("encode", "--packet", "grown", "--value", value, "--version", version,
                       WIDE).stdout.strip()) // 2 for version in ("1", "2", "3")]
    assert sizes[0] == 6 and sizes == sorted(set(sizes))


@pytest.mark.parametrize(("arguments", "said"), [
    (["decode", "--hex", HELLO_FRAME + "0400"], "byte 16: 2 bytes are left"),
    (["decode", "--hex", "05000301"], "the header says 5 bytes, 4 are left"),
    (["decode", "--hex", "03000301"], "smaller than its header"),
    (["decode", "--hex", "0400ffff"], "no packet has the id 0xffff"),
    (["decode", "--hex", "04000301"],
     "frame 1 (byte 0): client.echo_request is refused: truncated at byte 0, in sequence"),
    (["decode", "--hex", "xyz"], "not hexadecimal"),
    (["decode", "--from", "game", "--hex", HELLO_FRAME], "client.echo_request goes client -> gate"),
    (["decode", "--to", "gat", "--hex", HELLO_FRAME], "did you mean `gate`?"),
    (["decode", "--file", "/no/such/file"], "No such file"),
    (["encode", "--packet", "echo_reques", "--value", "{}"], "did you mean `client.echo_request`?"),
    (["encode", "--packet", "echo_request", "--value", "{"], "line 1, column 2"),
    (["encode", "--packet", "echo_request", "--value", "{}"], "`sequence` is missing"),
    (["encode", "--value", "{}"], "--value needs --packet"),
])
def test_mistakes_are_said_plainly(arguments: list[str], said: str) -> None:
    result = pcgen(*arguments, *protocol_inputs())
    assert result.returncode == 1
    assert said in result.stderr, result.stderr


def test_frames_before_the_bad_one_are_printed() -> None:
    result = pcgen("decode", "--from", "client", "--to", "gate", "--hex", HELLO_FRAME + "0400ffff",
                   *protocol_inputs())
    assert result.returncode == 1 and len(result.stdout.splitlines()) == 1
