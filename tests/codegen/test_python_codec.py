"""What the generated Python refuses to encode, and frames it cannot take."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from support import every_set, golden_inputs, need, pcgen, protocol_inputs, run, wide_inputs


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


# ---- types ----

@pytest.mark.parametrize("name", every_set())
def test_modules_are_typed_strictly(tmp_path: Path, name: str) -> None:
    assert pcgen("gen", "--out", tmp_path, *every_set()[name]).returncode == 0
    made = mypy(tmp_path / "python", ".")
    assert made.returncode == 0, made.stdout


def mypy(folder: Path, *files: str) -> subprocess.CompletedProcess[str]:
    return run(need("mypy"), "--strict", "--cache-dir", folder / "cache", *files, cwd=folder)


USE = """\
import wide
from roles.west import WestFromEast

place = wide.Target.of_entity(5)
entity: int | None = place.as_entity()
nobody = wide.Target.of_nobody()
ground: wide.Spot | None = place.as_ground()


def feed(west: WestFromEast) -> None:
    west.dispatch(b"")


class West(WestFromEast):
    pass
"""


@pytest.mark.parametrize(("wrong", "said"), [
    ("wide.Target.of_entity('five')", "incompatible type"),
    ("wide.Target.of_nobody(1)", "Too many arguments"),
    ("text: str | None = place.as_entity()", "Incompatible types"),
    ("wide.Target(1, [])", "incompatible type"), ("West()", "abstract"),
    ("def wrong(west: WestFromEast) -> None: west.dispatch(1)", "incompatible type"),
])
def test_wrong_use_is_found_by_the_types(tmp_path: Path, wrong: str, said: str) -> None:
    assert pcgen("gen", "--out", tmp_path, *wide_inputs()).returncode == 0
    for text, right in ((USE, True), (f"{USE}\n\n{wrong}\n", False)):
        (tmp_path / "python" / "use.py").write_text(text)
        made = mypy(tmp_path / "python", "use.py")
        assert (made.returncode == 0) == right, made.stdout
        assert right or said in made.stdout


def test_union_says_what_it_holds(tmp_path: Path) -> None:
    assert pcgen("gen", "--out", tmp_path, *wide_inputs()).returncode == 0
    code = ("import wide as w; t = w.Target.of_entity(5); "
            "assert t == w.Target(w.Target.ENTITY, 5) and t.as_entity() == 5; "
            "assert w.Target.of_nobody().as_entity() is None; assert t.as_ground() is None")
    subprocess.run([sys.executable, "-B", "-c", code], cwd=tmp_path / "python", check=True)


def test_prose_of_the_yaml_stands_in_the_module(tmp_path: Path) -> None:
    (tmp_path / "said.yaml").write_text(
        "protocol: said\nversion: 1\nroles: [client, gate]\n"
        "flows: [{flow: client -> gate, ids: 1-9}]\n"
        "enums: {mood: {type: u8, doc: A mood., deprecated: use none, values: {"
        "CALM: {value: 0, doc: Not angry., deprecated: true}}}}\n"
        "unions: {target: {tag: u8, cases: {entity: {tag: 1, type: u64, doc: By number.}}}}\n"
        "packets:\n  go: {id: 1, flow: client -> gate, doc: Off., deprecated: use run, "
        "fields: [away: {type: u8, doc: Steps., deprecated: count them}]}\n")
    assert pcgen("gen", "--out", tmp_path, tmp_path / "said.yaml").returncode == 0
    text = (tmp_path / "python" / "said.py").read_text()
    for line in ('    """A mood. Deprecated: use none"""',
                 "    # Not angry. Deprecated.\n    CALM = 0",
                 "    # By number.\n    ENTITY: ClassVar", '    """Off. Deprecated: use run"""',
                 "    # Steps. Deprecated: count them\n    away: int"):
        assert line in text, line
