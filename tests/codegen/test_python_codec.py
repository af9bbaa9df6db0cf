"""What the generated Python refuses to encode, and frames it cannot take."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from support import golden_inputs, pcgen, protocol_inputs


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    folder = tmp_path_factory.mktemp("python")
    assert pcgen("gen", "--out", folder, *golden_inputs()).returncode == 0
    sys.path.insert(0, str(folder / "python"))
    sys.dont_write_bytecode = True
    yield importlib.import_module("demo")
    sys.path.remove(str(folder / "python"))
    for name in ("pcwire", "base", "demo", "inner"):
        sys.modules.pop(name, None)


def test_constants_and_enums_are_there(demo: ModuleType) -> None:
    base = importlib.import_module("base")
    assert (demo.NAME, demo.VERSION, demo.BLOCK, base.NEGATIVE) == ("demo", 2, 5, -5)
    assert base.Mood.SLEEPY == 2 and demo.DemoSessionState.GONE == 2
    assert sorted(demo.PACKETS) == [0x10, 0x11, 0x12, 0x20, 0x21, 0x30, 0x31, 0x40]


@pytest.mark.parametrize(("first", "second"), [
    ("four", ""), ("", "x" * 301), ("a\0b", ""), ("", "\ud800"), ("\u00e9\u00e9", ""),
])
def test_text_that_c_would_refuse_is_not_encoded(demo: ModuleType, first: str,
                                                 second: str) -> None:
    with pytest.raises(demo.pcwire.EncodeError):
        demo.Texts(first=first, between=0, second=second, third="").encode()


@pytest.mark.parametrize(("field", "value"), [
    ("a", 256), ("a", -1), ("b", 65536), ("c", 1 << 32), ("d", 1 << 64), ("e", 128), ("h", 1 << 63),
    ("i", float("nan")), ("i", float("inf")), ("i", 1e39), ("j", float("-inf")), ("c", 1.5),
])
def test_numbers_out_of_range_are_not_encoded(demo: ModuleType, field: str, value: float) -> None:
    values = {"a": 0, "b": 0, "c": 0, "d": 0, "e": 0, "f": 0, "g": 0, "h": 0, "i": 0.0, "j": 0.0,
              "k": False}
    demo.Numbers(**values).encode()
    with pytest.raises(demo.pcwire.EncodeError):
        demo.Numbers(**{**values, field: value}).encode()


def test_counts_are_checked(demo: ModuleType) -> None:
    good = {"fixed_bytes": b"1234", "some_bytes": b"", "fixed_words": [1, 2, 3], "some_words": [],
            "floats": [0.0, 1.0], "answers": [], "many_bytes": b""}
    demo.Arrays(**good).encode()
    for field, value in (("fixed_bytes", b"123"), ("some_bytes", b"12345"), ("fixed_words", [1]),
                         ("answers", [True] * 4), ("floats", [0.0] * 3)):
        with pytest.raises(demo.pcwire.EncodeError):
            demo.Arrays(**{**good, field: value}).encode()


def test_enum_takes_only_its_values(demo: ModuleType) -> None:
    base = importlib.import_module("base")
    packet = demo.Moods(base.Mood.CALM, base.Height.LOW, base.Wide.LAST, base.Edge.MOST,
                        [base.Height.EVEN] * 2, [])
    packet.encode()
    packet.mood = 77
    with pytest.raises(demo.pcwire.EncodeError):
        packet.encode()


@pytest.mark.parametrize(("frame", "reason"), [
    (b"", "short"), (b"\x04\x00\x10", "short"), (b"\x05\x00\x10\x00", "size"),
    (b"\x04\x00\x10\x00\x00", "size"), (b"\x04\x00\x99\x00", "id"), (b"\x04\x00\x11\x00",
                                                                    "truncated"),
])
def test_frames_that_are_none_are_refused(demo: ModuleType, frame: bytes, reason: str) -> None:
    with pytest.raises(demo.pcwire.DecodeError) as refused:
        demo.decode_frame(frame)
    assert refused.value.reason == reason


def test_secret_stays_out_of_the_text_form(tmp_path: Path) -> None:
    assert pcgen("gen", "--out", tmp_path, *protocol_inputs()).returncode == 0
    code = "import client; print(client.LoginRequest(name='bob', password='hunter2'))"
    said = subprocess.run([sys.executable, "-B", "-c", code], cwd=tmp_path / "python",
                          capture_output=True, text=True, check=True)
    assert said.stdout == "LoginRequest(name='bob')\n"
