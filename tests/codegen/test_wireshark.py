"""The dissector for Wireshark, run by tshark on captures that are made here.

What it shows of a packet is compared with the value that was encoded, and its verdict on malformed
ones with that of the test vectors, which all languages share.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from capture import Item, Segment, items_of, tshark, write_capture
from support import ROOT, pcgen

from pcgen import ir, pipeline
from pcgen.passes.values import is_byte
from pcgen.vectors import cases
from pcgen.vectors.reference import encode, steps_of
from pcgen.vectors.samples import samples
from pcgen.wireshark import lower

WHOLE = sorted((Path(__file__).resolve().parent / "whole").glob("*.yaml"))
WIDE = [ROOT / "tests" / "generated" / "wide" / "wide.yaml"]
PORTS = (("gate_client", "7000"),)


class Set:
    """A program, its packets by name, and its dissector as a file."""

    def __init__(self, folder: Path, sources: list[Path]) -> None:
        compiled = pipeline.compile_files(sources)
        assert compiled.program is not None, compiled.sink.render()
        self.program = compiled.program
        self.folder = folder
        self.packets = {f"{packet.protocol}.{packet.name}": packet
                        for protocol in compiled.program.protocols for packet in protocol.packets}
        self.dissector = folder / "portcullis.lua"
        listeners = (PORTS if sources == WHOLE else (("west_east", "7000"),))
        view = lower.lower(compiled.program, "portcullis", dict(listeners))
        self.dissector.write_text(lower.render(view), encoding="utf-8")

    def capture(self, *segments: Segment | bytes) -> Path:
        path = self.folder / "test.pcap"
        write_capture(path, [segment if isinstance(segment, Segment) else Segment(segment)
                             for segment in segments])
        return path

    def frames(self, *segments: Segment | bytes) -> list[list[list[Item]]]:
        return items_of(self.capture(*segments), self.dissector)

    def example(self, name: str, which: str = "mixed", version: int = 0xFFFF) -> bytes:
        """The frame of one sample."""
        packet = self.packets[name]
        values = dict(samples(packet))[which]
        return frame_of(packet.id, bytes(encode(packet.fields, values, version).data))


def frame_of(id_: int, payload: bytes) -> bytes:
    return struct.pack("<HH", len(payload) + 4, id_) + payload


@pytest.fixture(scope="module", params=["whole", "wide"])
def language(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Set:
    sources = WHOLE if request.param == "whole" else WIDE
    return Set(tmp_path_factory.mktemp(request.param), sources)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Set:
    return Set(tmp_path_factory.mktemp("shop"), WHOLE)


# ---- fields ----

Leaf = tuple[str, object]


def leaves(type_: ir.Type, value: ir.Value, name: str) -> Iterator[Leaf]:
    """Name and value of each field that the dissector shows, in order."""
    match type_:
        case ir.Flags():
            assert isinstance(value, int)
            yield name, value
            for bit in type_.bits:
                yield f"{name}.{bit.name.lower()}", bool(value & bit.mask)
        case ir.Quant():
            assert isinstance(value, float)
            yield name, type_.least + steps_of(type_, value) * type_.scale
        case ir.Struct():
            yield from field_leaves(type_.fields, value, name)
        case ir.Union():
            yield from union_leaves(type_, value, name)
        case ir.Optional():
            if value is not None:
                yield from leaves(type_.inner, value, name)
        case ir.Array() if not is_byte(type_.element):
            assert isinstance(value, tuple)
            for item in value:
                yield from leaves(type_.element, item, name)
        case ir.Text():
            assert isinstance(value, bytes)
            yield name, len(value).to_bytes(type_.bound.prefix.width, "little") + value
        case ir.Bytes() | ir.Array():
            if value:
                yield name, value
        case _:
            yield name, value


def field_leaves(fields: tuple[ir.Field, ...], values: ir.Value, name: str) -> Iterator[Leaf]:
    assert isinstance(values, tuple)
    for field, value in zip(fields, values, strict=True):
        if field.secret:
            yield f"{name}.{field.name}", "(secret)"
        else:
            yield from leaves(field.type, value, f"{name}.{field.name}")


def union_leaves(union: ir.Union, value: ir.Value, name: str) -> Iterator[Leaf]:
    assert isinstance(value, ir.Chosen)
    yield f"{name}.tag", value.tag
    case = union.case(value.tag)
    if case is None:
        if value.value:
            yield f"{name}.unknown", value.value
    elif case.type is not None:
        yield from leaves(case.type, value.value, f"{name}.{case.name}")


def is_shown(item: Item, value: object) -> bool:
    match value:
        case bool():
            return item.value in (("1", "True") if value else ("0", "False"))
        case bytes():
            return item.data == value
        case int():
            return int(item.value, 0) == value
        case float():
            return math.isclose(float(item.value), value, rel_tol=1e-5) or abs(value) > 1e308
        case _:
            return item.value == value


def test_every_field_of_every_accepted_vector_is_shown(language: Set) -> None:
    made = [(packet, item) for packet in language.packets.values()
            for item in cases.of_packet(packet).accept]
    assert len(made) > 50
    shown = language.frames(*(Segment(frame_of(packet.id, item.payload), 40000 + number)
                              for number, (packet, item) in enumerate(made)))
    for (packet, item), frames in zip(made, shown, strict=True):
        where = f"{packet.protocol}.{packet.name}: {item.name}"
        assert len(frames) == 1, where
        assert "portcullis.malformed" not in {field.name for field in frames[0]}, where
        if item.payload != item.encoded:  # of older and newer senders
            continue
        prefix = f"portcullis.{packet.protocol}.{packet.name}"
        found = [field for field in frames[0] if field.name.startswith(prefix + ".")]
        expected = list(field_leaves(packet.fields, item.value, prefix))
        assert [field.name for field in found] == [leaf[0] for leaf in expected], where
        for field, (_, value) in zip(found, expected, strict=True):
            assert is_shown(field, value), (where, field, value)


def test_verdict_on_rejected_vectors_is_theirs(language: Set) -> None:
    made = [(packet, wrong) for packet in language.packets.values()
            for wrong in cases.of_packet(packet).reject]
    assert len(made) > 50
    shown = language.frames(*(Segment(frame_of(packet.id, wrong.payload), 40000 + number)
                              for number, (packet, wrong) in enumerate(made)))
    for (packet, wrong), frames in zip(made, shown, strict=True):
        reasons = [item.value for item in frames[0] if item.name == "portcullis.malformed"]
        is_larger = len(wrong.payload) + 4 > packet.frame.max  # refused before it is read
        assert reasons == ["size" if is_larger else wrong.reason], (packet.name, wrong.name)
        assert any(item.name == "portcullis.expert.malformed" for item in frames[0]), wrong.name


def test_every_cut_payload_is_truncated_or_of_an_older_sender(language: Set) -> None:
    """A frame whose header is right and whose payload ends early."""
    made = [(packet, size, payload) for packet in language.packets.values()
            for payload in [bytes(encode(packet.fields, dict(samples(packet))["mixed"]).data)]
            for size in range(0, len(payload), 5)]
    older = {(packet.name, len(encode(packet.fields, dict(samples(packet))["mixed"], version).data))
             for packet, _, _ in made for version in range(1, 4)}
    shown = language.frames(*(Segment(frame_of(packet.id, payload[:size]), 40000 + number)
                              for number, (packet, size, payload) in enumerate(made)))
    for (packet, size, _), frames in zip(made, shown, strict=True):
        reasons = [item.value for item in frames[0] if item.name == "portcullis.malformed"]
        expected = [] if (packet.name, size) in older else ["truncated"]
        assert reasons == expected, (packet.name, size)


def test_known_packet_is_shown_as_it_is(shop: Set) -> None:
    frame = frame_of(0x10, b"\x03Bob\x06secret\x02ko\x05")
    ((items,),) = shop.frames(frame)
    assert [(item.name.removeprefix("portcullis."), item.line) for item in items] == [
        ("size", "size: 19"),
        ("id", "id: shop.sign_in (0x0010)"),
        ("packet", "packet: shop.sign_in"),
        ("flow", "flow: client -> gate"),
        ("shop.sign_in.name", "name: Bob"),
        ("shop.sign_in.password", "password: (secret)"),
        ("shop.sign_in.language", "language: ko"),
        ("shop.sign_in.mood", "mood: GLAD (5)"),
    ]


def test_older_sender_gets_the_defaults(shop: Set) -> None:
    ((items,),) = shop.frames(shop.example("shop.sign_in", version=1))
    lines = [item.line for item in items if item.name == "_ws.lua.text"]
    assert lines == ['language: "en" (not sent: the sender is older)',
                     "mood: GLAD (not sent: the sender is older)"]


def test_what_a_newer_sender_adds_is_shown_as_unknown(shop: Set) -> None:
    account = struct.pack("<Q4sB", 7, b"abcd", 0) + b"new"
    payload = struct.pack("<QH", 1, len(account)) + account + b"\0" + b"tail"
    ((items,),) = shop.frames(frame_of(0x51, payload))
    assert [item.data for item in items if item.name == "portcullis.unknown"] == [b"new", b"tail"]
    assert not [item for item in items if item.name == "portcullis.malformed"]


def test_unknown_case_of_an_open_union_is_kept(shop: Set) -> None:
    account = struct.pack("<Q4sB", 7, b"abcd", 0)
    payload = struct.pack("<QH", 1, len(account)) + account + b"\1" + b"\x09\0\x03\0xyz"
    ((items,),) = shop.frames(frame_of(0x51, payload))
    name = "portcullis.stock.keep_account.effects.unknown"
    assert [item.data for item in items if item.name == name] == [b"xyz"]


def test_secrets_are_not_shown(shop: Set) -> None:
    login = frame_of(0x10, b"\x03Bob\x0bS3CR3TW0RDS\x00\x05")
    buy = frame_of(0x20, struct.pack("<IBBH", 1, 0, 0, 51966))
    up = frame_of(0x50, struct.pack("<QH", 5, len(buy)) + buy)
    capture = shop.capture(login, buy, Segment(up, 40001))
    for output in ("-V", "-P"):
        text = tshark(capture, shop.dissector, output, "-O", "portcullis")
        assert "S3CR3T" not in text
        assert "51966" not in text and "fe:ca" not in text and "feca" not in text
    fields = ("shop.sign_in.password", "shop.buy.pin", "stock.frame_up.frame")
    text = tshark(capture, shop.dissector, "-T", "fields",
                  *(part for field in fields for part in ("-e", f"portcullis.{field}")))
    assert text.split() == ["(secret)"] * 3


# ---- the stream ----

def names(frames: list[list[list[Item]]]) -> list[list[str]]:
    return [[item.value for frame in packet for item in frame if item.name == "portcullis.packet"]
            for packet in frames]


def test_several_frames_in_one_segment(shop: Set) -> None:
    three = ("shop.sign_in", "shop.buy", "shop.turn")
    assert names(shop.frames(b"".join(shop.example(name) for name in three))) == [list(three)]


@pytest.mark.parametrize("cut", [1, 3, 4, 20, -1])
def test_frame_over_two_segments(shop: Set, cut: int) -> None:
    frame = shop.example("shop.buy")
    assert names(shop.frames(frame[:cut], frame[cut:])) == [[], ["shop.buy"]]


def test_frames_byte_by_byte(shop: Set) -> None:
    frames = shop.example("shop.sign_in") + shop.example("shop.turn")
    shown = names(shop.frames(*(frames[at:at + 1] for at in range(len(frames)))))
    assert [name for packet in shown for name in packet] == ["shop.sign_in", "shop.turn"]


def test_frames_that_begin_and_end_anywhere(shop: Set) -> None:
    order = ["shop.sign_in", "shop.turn", "shop.buy", "shop.whisper"] * 5
    stream = b"".join(shop.example(name) for name in order)
    shown = names(shop.frames(*(stream[at:at + 37] for at in range(0, len(stream), 37))))
    assert [name for packet in shown for name in packet] == order


def test_both_directions_of_a_connection(shop: Set) -> None:
    up, down = shop.example("shop.buy"), shop.example("shop.bought")
    shown = names(shop.frames(up[:7], Segment(down[:6], from_server=True), up[7:],
                              Segment(down[6:], from_server=True)))
    assert shown == [[], [], ["shop.buy"], ["shop.bought"]]


def test_frame_that_never_ends_is_no_packet(shop: Set) -> None:
    assert names(shop.frames(shop.example("shop.buy")[:-3])) == [[]]


def test_relayed_frame_is_shown_inside(shop: Set) -> None:
    inner = shop.example("shop.turn")
    up = frame_of(0x50, struct.pack("<QH", 5, len(inner)) + inner)
    capture = shop.capture(Segment(up, 40001))
    ((items,),) = items_of(capture, shop.dissector)
    assert [item.value for item in items if item.name == "portcullis.packet"] == [
        "stock.frame_up", "shop.turn"]
    angle = next(item for item in items if item.name == "portcullis.shop.turn.angle")
    assert angle.value == "174.5"
    assert "stock.frame_up (shop.turn)" in tshark(capture, shop.dissector)


# ---- what is wrong with a stream ----

def experts(items: list[Item]) -> set[str]:
    return {item.name.removeprefix("portcullis.expert.") for item in items
            if item.name.startswith("portcullis.expert.")}


def test_unknown_id_is_said_and_the_stream_goes_on(shop: Set) -> None:
    (frames,) = shop.frames(frame_of(0x77, b"abc") + shop.example("shop.turn"))
    assert experts(frames[0]) == {"unknown_id"}
    assert names([frames]) == [["shop.turn"]]


@pytest.mark.parametrize("data", [b"\3\0\x10\0", b"\0\0\0\0\0\0", b"\xff\xff\x10\0", b"GET / HTTP"])
def test_bytes_that_are_no_frame_are_said(shop: Set, data: bytes) -> None:
    (frames,) = shop.frames(data)
    assert experts(frames[0]) == {"malformed"}


def test_packet_in_the_wrong_direction_is_said(shop: Set) -> None:
    ((items,),) = shop.frames(Segment(shop.example("shop.turn"), from_server=True))
    assert experts(items) == {"direction"}


def test_deprecated_packet_is_said(shop: Set) -> None:
    ((items,),) = shop.frames(shop.example("shop.whisper"))
    assert experts(items) == {"deprecated"}


def test_size_that_the_packet_never_has_is_said(shop: Set) -> None:
    ((items,),) = shop.frames(frame_of(0x21, b"\0"))
    assert "malformed" in experts(items)


# ---- ports ----

def test_ports_are_preferences(shop: Set) -> None:
    path = shop.folder / "other.pcap"
    write_capture(path, [Segment(shop.example("shop.buy")[:9])], server_port=7333)
    assert "PORTCULLIS" not in tshark(path, shop.dissector)
    option = ("-o", "portcullis.gate_client:7300-7400")
    write_capture(path, [Segment(frame_of(0x77, b""))], server_port=7333)
    assert "PORTCULLIS" in tshark(path, shop.dissector, *option)
    assert "PORTCULLIS" not in tshark(path, shop.dissector, "-o", "portcullis.gate_client:7000")


def test_connections_are_found_by_their_frames(shop: Set) -> None:
    """At first by a segment of whole frames, then the rest of that connection."""
    path = shop.folder / "other.pcap"
    frame = shop.example("shop.buy")
    write_capture(path, [Segment(frame), Segment(frame + frame[:9]), Segment(frame[9:])], 7333)
    assert names(items_of(path, shop.dissector)) == [["shop.buy"], ["shop.buy"], ["shop.buy"]]
    write_capture(path, [Segment(b"GET / HTTP/1.1\r\n\r\n"), Segment(bytes(100), 40001),
                         Segment(shop.example("shop.buy") + b"x" * 9, 40002)], 7333)
    assert names(items_of(path, shop.dissector)) == [[], [], []]


# ---- the command ----

def test_command_writes_the_same_bytes_everywhere(tmp_path: Path) -> None:
    made = []
    for number, seed in enumerate(("1", "99")):
        out = tmp_path / f"{number}.lua"
        result = pcgen("wireshark", "--out", out, *WHOLE[::1 - 2 * number],
                       env={"PYTHONHASHSEED": seed, "LC_ALL": "C"}, cwd=tmp_path)
        assert result.returncode == 0, result.stderr
        made.append(out.read_bytes())
    assert made[0] == made[1]
    assert str(ROOT).encode() not in made[0]


@pytest.mark.parametrize(("option", "said"), [
    (("--port", "gate=7000"), "gate_client, gate_game"),
    (("--port", "gate_client"), "as in gate_client=7000"),
    (("--name", "No Name"), "snake_case"),
])
def test_wrong_options_are_refused(tmp_path: Path, option: tuple[str, str], said: str) -> None:
    result = pcgen("wireshark", "--out", tmp_path / "x.lua", *option, *WHOLE)
    assert result.returncode == 2
    assert said in result.stderr
    assert not (tmp_path / "x.lua").exists()
