"""What goes wrong around the protocol: files that cannot be written, inputs that are none, readers
that leave. Each is told on one line with an exit status, never with a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support import FLOWS, HEAD, ROOT, pcgen, run

DEMO = FLOWS + "packets:\n  go: {id: 1, flow: client -> gate, fields: [n: f64]}\n"


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    path = tmp_path / "demo.yaml"
    path.write_text(DEMO)
    return path


def told(made: subprocess.CompletedProcess[str], *words: str) -> None:
    """One line, and status 1."""
    assert (made.returncode, made.stderr.count("\n")) == (1, 1), made.stderr
    assert made.stderr.startswith("pcgen"), made.stderr
    for word in words:
        assert word in made.stderr, made.stderr


@pytest.mark.parametrize("arguments", [
    ["gen", "--out", "file/x"], ["gen", "--csharp", "file"],
    ["gen", "--out", "out", "--stamp", "file/x"], ["gen", "--out", "out", "--depfile", "file/x"],
    ["gen", "--out", "out", "--manifest", "file/x"], ["doc", "--html", "file/x"],
    ["release", "--out", "file/x"], ["fuzz", "--out", "file/x"], ["vectors", "--out", "file/x"],
    ["wireshark", "--out", "file/x"], ["schema", "--out", "file/x"],
    ["manifest", "--cmake", "file/x"],
])
def test_place_that_cannot_be_written_is_named(tmp_path: Path, demo: Path,
                                               arguments: list[str]) -> None:
    (tmp_path / "file").write_text("")
    inputs = [] if arguments[0] == "schema" else [demo]
    told(pcgen(*arguments, *inputs, cwd=tmp_path), "pcgen: file")


@pytest.mark.parametrize("name", ["\\0", "a\\0b.yaml", "\\ud800.yaml"])
def test_import_that_no_file_can_be_called_is_an_error(tmp_path: Path, name: str) -> None:
    path = tmp_path / "main.yaml"
    path.write_text(HEAD + f'import: ["{name}"]\n')
    made = pcgen("check", path)
    assert made.returncode == 1 and "Traceback" not in made.stderr
    assert "error PG0" in made.stderr


def test_circle_of_links_is_an_error(tmp_path: Path) -> None:
    for name, other in (("one", "two"), ("two", "one")):
        (tmp_path / f"{name}.yaml").symlink_to(f"{other}.yaml")
    main = tmp_path / "main.yaml"
    main.write_text(HEAD + "import: [one.yaml]\n")
    for arguments in (["check", main], ["gen", "--out", tmp_path / "out", main],
                      ["gen", "--out", tmp_path / "out", tmp_path / "one.yaml"]):
        made = pcgen(*arguments)
        assert made.returncode == 1 and "error PG0" in made.stderr
        assert "too many levels of symbolic links" in made.stderr


def test_reader_that_has_seen_enough_is_no_error(demo: Path) -> None:
    """The pipe's other end is closed before anything is written."""
    reading, writing = os.pipe()
    os.close(reading)
    frames = "0c000100" + "00" * 8
    made = subprocess.run([sys.executable, ROOT / "codegen" / "pcgen_main.py", "decode", "--hex",
                           frames * 50, demo], stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (made.returncode, made.stderr) == (1, b"")


def test_full_disk_is_told(demo: Path) -> None:
    with Path("/dev/full").open("w") as full:
        made = subprocess.run([sys.executable, ROOT / "codegen" / "pcgen_main.py", "sizes", demo],
                              stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    told(made, "No space left on device")


def test_comparison_without_git_is_told(tmp_path: Path, demo: Path) -> None:
    made = run("/usr/bin/python3", ROOT / "codegen" / "pcgen_main.py", "breaking", "--against",
               "HEAD", demo, env={"PATH": str(tmp_path)})
    told(made, "git")


# ---- fmt and standard input ----

@pytest.mark.parametrize("how", ["--stdin", "-"])
def test_fmt_of_standard_input(how: str) -> None:
    made = pcgen("fmt", how, input="protocol:   p\nversion: 1\n")
    assert (made.returncode, made.stdout) == (0, "protocol: p\nversion: 1\n"), made.stderr
    assert pcgen("fmt", how, "--check", input="protocol:   p\n").returncode == 1
    assert pcgen("fmt", how, "--check", input="protocol: p\n").returncode == 0


def test_fmt_of_standard_input_that_is_not_utf8() -> None:
    made = subprocess.run([sys.executable, ROOT / "codegen" / "pcgen_main.py", "fmt", "--stdin"],
                          input=b"protocol: p\ndoc: a\xe9\n", capture_output=True, check=False)
    assert made.returncode == 1
    assert b"standard input:2:7: error PG0110" in made.stderr


def test_fmt_of_standard_input_goes_alone(demo: Path) -> None:
    for arguments in (["--stdin", demo], ["-", demo], ["-", "--format", "json"]):
        assert pcgen("fmt", *arguments, input="").returncode == 2


# ---- encode and decode ----

@pytest.mark.parametrize(("value", "said"), [
    ('{"n": ' + "[" * 100_000 + "}", "nested too deeply"), ('{"n": 1' + "0" * 5000 + "}", "JSON"),
    ('{"n": 1' + "0" * 400 + "}", "greater than any float"), ('{"n": 1e400}', "not finite"),
    ("", "no value"), (" \n", "no value"), (r'{"\ud800": 1}', r"no field `\ud800`"),
])
def test_json_that_is_no_value_is_told(demo: Path, value: str, said: str) -> None:
    told(pcgen("encode", "--packet", "go", demo, input=value), said)


def test_input_is_given_once(demo: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text('{"n": 1}')
    for arguments in (["encode", "--packet", "go", "--value", "{}"], ["decode", "--hex", "00"]):
        assert pcgen(*arguments, "--file", tmp_path / "file", demo).returncode == 2


@pytest.mark.parametrize("version", ["0", "2", "99"])
def test_version_that_there_is_not_is_refused(demo: Path, version: str) -> None:
    told(pcgen("encode", "--packet", "go", "--value", '{"n": 1}', "--version", version, demo),
         f"1..1, not {version}")


OPEN = ("protocol: demo\nversion: 1\nroles: [gate, game]\nlimits: {frame_max: 3000}\n"
        "flows: [{flow: game -> gate, ids: 1-9}]\n"
        "structs: {outer: {extensible: true, fields: [it: effect]}}\n"
        "unions: {effect: {tag: u8, open: true, cases: {none: 0}}}\n"
        "packets:\n  go: {id: 1, flow: game -> gate, fields: [it: outer]}\n")


def test_frame_above_the_limit_is_neither_made_nor_taken(tmp_path: Path) -> None:
    """One packet may grow unseen, up to frame_max: its header and lengths have 9 bytes."""
    path = tmp_path / "open.yaml"
    path.write_text(OPEN)

    def encoded(size: int) -> subprocess.CompletedProcess[str]:
        it = f'{{"unknown": {{"tag": 9, "bytes": "{"00" * size}"}}}}'
        return pcgen("encode", "--packet", "go", path, input=f'{{"it": {{"it": {it}}}}}')

    fits = encoded(3000 - 9)
    assert fits.returncode == 0 and len(fits.stdout) == 2 * 3000 + 1, fits.stderr
    assert pcgen("decode", path, input=fits.stdout).returncode == 0
    for size in (3000 - 8, 30_000, 65_530, 65_535):
        told(encoded(size), "demo.go", "at most 3000")
    grown = (b"\xb9\x0b\x01\x00" + (2997 - 2).to_bytes(2, "little") + b"\x09"
             + (2997 - 5).to_bytes(2, "little") + bytes(2997 - 5)).hex()
    told(pcgen("decode", path, input=grown), "3001 bytes", "at most 3000")
