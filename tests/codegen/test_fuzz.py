"""pcgen fuzz: harnesses that build and find what is wrong, dictionaries, corpora."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from support import (INCLUDE, ROOT, WARNINGS, golden_inputs, need, pcgen, protocol_inputs, run,
                     wide_inputs)

from pcgen import pipeline
from pcgen.c import naming

SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")
WIRE = ROOT / "runtime" / "base" / "wire.c"
CHECK = ROOT / "runtime" / "base" / "check.c"


def generate(folder: Path, inputs: list[Path]) -> None:
    for command in ("gen", "fuzz"):
        made = pcgen(command, "--out", folder, *inputs)
        assert made.returncode == 0, made.stderr


def build(folder: Path, table: str) -> Path:
    """The harness as a program that reads its input."""
    codecs = sorted((folder / "proto").glob("*_codec.c"))
    built = run(need("gcc"), "-std=c11", "-O1", *WARNINGS, *SANITIZERS, "-DFUZZ_MAIN",
                f"-I{INCLUDE}", f"-I{folder}", folder / f"{table}.c", *codecs, WIRE, CHECK,
                "-o", folder / table)
    assert built.returncode == 0, built.stderr
    return folder / table


def feed(program: Path, data: bytes) -> int:
    return subprocess.run([program], input=data, capture_output=True, check=False).returncode


def tables_of(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.dict"))


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wide")
    generate(folder, wide_inputs())
    return folder


def test_harness_takes_its_corpus_and_what_is_cut_off(wide: Path) -> None:
    program = build(wide, "west_accepts_east")
    seeds = sorted((wide / "west_accepts_east.corpus").iterdir())
    assert len(seeds) > 10
    streams = [seed.read_bytes() for seed in seeds]
    for seed, data in zip(seeds, streams, strict=True):
        assert feed(program, data) == 0, seed.name
    assert feed(program, b"".join(streams)) == 0
    assert feed(program, b"".join(streams)[:-1]) == 0


@pytest.mark.parametrize(("old", "new"), [
    ("value->x, at, 1);", "value->x, at + 1, 1);"),
    ("pc_wire_put_i16(at + 1, packet->cold);", "pc_wire_put_i16(at + 1, 7);"),
])
def test_harness_fails_where_a_codec_is_wrong(tmp_path: Path, old: str, new: str) -> None:
    generate(tmp_path, wide_inputs())
    found = 0
    for source in sorted((tmp_path / "proto").glob("*_codec.[ch]")):
        text = source.read_text()
        found += text.count(old)
        source.write_text(text.replace(old, new))
    assert found
    program = build(tmp_path, "west_accepts_east")
    seeds = sorted((tmp_path / "west_accepts_east.corpus").iterdir())
    assert any(feed(program, seed.read_bytes()) for seed in seeds)


def test_harnesses_of_every_table_build(tmp_path: Path) -> None:
    generate(tmp_path, golden_inputs())
    tables = tables_of(tmp_path)
    assert len(tables) > 3
    for table in tables:
        built = run(need("clang"), "-std=c11", *WARNINGS, "-fsyntax-only", f"-I{INCLUDE}",
                    f"-I{tmp_path}", tmp_path / f"{table}.c")
        assert built.returncode == 0, built.stderr
        formatted = run(need("clang-format"), f"-style=file:{ROOT / '.clang-format'}",
                        "--dry-run", "-Werror", tmp_path / f"{table}.c")
        assert formatted.returncode == 0, formatted.stderr


def test_dictionary_has_ids_bounds_and_tags_once(wide: Path) -> None:
    lines = (wide / "west_accepts_east.dict").read_text().splitlines()
    assert lines[0].startswith("# ")
    entries = [re.fullmatch(r'([a-z0-9_]+)="((?:\\x[0-9a-f]{2})+)"', line) for line in lines[1:]]
    assert all(entries)
    said = {entry[1]: entry[2] for entry in entries if entry}
    assert len(set(said.values())) == len(said)
    assert said["numbers_id"] == r"\x00\x07"
    assert said["numbers_tiny_above"] == r"\x3d"
    assert said["texts_plain_above"] == r"\x15"
    assert r"\x2c\x01" in said.values()  # a bound, the end of a range, and a tag


def test_fuzz_makes_the_same_bytes_again(wide: Path, tmp_path: Path) -> None:
    generate(tmp_path, wide_inputs())
    for path in sorted(wide.glob("*_*.*")):
        if path.suffix in (".c", ".dict"):
            assert (tmp_path / path.name).read_bytes() == path.read_bytes()


# ---- the build of the real protocol's ----

def test_build_has_every_table_and_every_decoder() -> None:
    """tests/fuzz lists them, for their names must be known when CMake configures."""
    program = pipeline.compile_files(protocol_inputs()).program
    assert program is not None
    text = (ROOT / "tests" / "fuzz" / "CMakeLists.txt").read_text(encoding="utf-8")
    listed = re.search(r"set\(tables\s([^)]*)\)", text)
    assert listed and sorted(listed[1].split()) == sorted(
        naming.table(table) for role in program.roles for table in role.accepts)
    decoders = re.search(r"foreach\(protocol ([^)]*)\)", text)
    assert decoders and sorted(decoders[1].split()) == sorted(
        protocol.name for protocol in program.protocols if protocol.packets)
