"""The files as they come out: golden copies, the same bytes everywhere, good C and good Python."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support import (
    GOLDEN,
    HEAD,
    INCLUDE,
    ROLES,
    ROOT,
    WARNINGS,
    every_set,
    golden_inputs,
    need,
    pcgen,
    program_of,
    protocol_inputs,
    run,
)

from pcgen import pipeline, writer
from pcgen.tools import uptodate

SETS = every_set()
EXPECT = GOLDEN / "expect"


def tree_of(folder: Path) -> dict[str, bytes]:
    """What was generated; the state that a run leaves for the next one is not."""
    return {path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.name != uptodate.STATE}


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Each set of protocols in a folder of its name."""
    folder = tmp_path_factory.mktemp("generated")
    for name, inputs in SETS.items():
        result = pcgen("gen", "--out", folder / name, *inputs)
        assert result.returncode == 0, result.stderr
    return folder


@pytest.mark.parametrize(("name", "expect"), [("demo", EXPECT), ("now", GOLDEN / "now")])
def test_output_is_the_golden_one(generated: Path, update_golden: bool, name: str,
                                  expect: Path) -> None:
    """`pytest tests/codegen --update-golden` writes the golden files anew; look at the diff."""
    made = tree_of(generated / name)
    if update_golden:
        for path in tree_of(expect):
            (expect / path).unlink()
        for name, data in made.items():
            (expect / name).parent.mkdir(parents=True, exist_ok=True)
            (expect / name).write_bytes(data)
    golden = tree_of(expect)
    assert sorted(made) == sorted(golden)
    for name, data in made.items():
        assert data.decode() == golden[name].decode(), name


@pytest.mark.parametrize(("where", "environment"), [
    ("/", {"PYTHONHASHSEED": "1"}),
    ("protocol", {"PYTHONHASHSEED": "4242", "LC_ALL": "C"}),
    (".", {"LC_ALL": "C.UTF-8", "LANG": "tr_TR.UTF-8", "TZ": "Asia/Seoul", "COLUMNS": "20"}),
])
def test_same_input_gives_the_same_bytes(generated: Path, tmp_path: Path, where: str,
                                         environment: dict[str, str]) -> None:
    cwd = (ROOT / where).resolve()
    inputs = [os.path.relpath(path, cwd) for path in reversed(protocol_inputs())]
    result = run("/usr/bin/python3", "-B", ROOT / "codegen" / "pcgen_main.py", "gen", "--out",
                 tmp_path, *inputs, cwd=cwd, env={**os.environ, **environment})
    assert result.returncode == 0, result.stderr
    assert tree_of(tmp_path) == tree_of(generated / "protocol")


def test_output_names_no_folder(generated: Path) -> None:
    for name, data in tree_of(generated).items():
        assert str(ROOT).encode() not in data, name
        assert str(generated).encode() not in data, name


def test_files_that_are_right_are_not_touched(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert pcgen("gen", "--out", out, *golden_inputs()).returncode == 0
    old = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    result = pcgen("gen", "--verbose", "--out", out, *golden_inputs())
    assert result.stdout == "nothing changed\n"
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == old


def test_files_that_are_no_longer_made_are_removed(tmp_path: Path) -> None:
    one = program_of(tmp_path, HEAD + "consts: {A: 1}\n")
    two = program_of(tmp_path, HEAD.replace("demo", "other") + "consts: {A: 1}\n")
    out = tmp_path / "out"
    writer.write(out, pipeline.emit(one))
    kept = out / "proto" / "mine.txt"
    kept.write_text("not ours")
    changed = writer.write(out, pipeline.emit(two))
    assert "removed proto/demo_ids.h" in changed
    assert not (out / "proto" / "demo_ids.h").exists()
    assert (out / "proto" / "other_ids.h").exists() and kept.exists()


def test_depfile_names_every_input(tmp_path: Path) -> None:
    stamp, depfile = tmp_path / "stamp", tmp_path / "stamp.d"
    demo = GOLDEN / "in" / "demo.yaml"
    result = pcgen("gen", "--out", tmp_path / "out", "--stamp", stamp, "--depfile", depfile, demo)
    assert result.returncode == 0, result.stderr
    text = depfile.read_text()
    assert text.startswith(f"{stamp}: ")
    for part in ("demo.yaml", "base.yaml", "passes/types.py", "templates/c/ids.h.j2"):
        assert part in text, part


# ---- C ----

def c_files(folder: Path, suffix: str) -> list[Path]:
    return sorted((folder / "proto").glob(f"*{suffix}"))


@pytest.mark.parametrize("compiler", ["gcc", "clang", "x86_64-w64-mingw32-gcc"])
@pytest.mark.parametrize("name", SETS)
def test_c_compiles_without_a_warning(generated: Path, name: str, compiler: str,
                                      tmp_path: Path) -> None:
    folder = generated / name
    result = run(need(compiler), "-std=c11", *WARNINGS, f"-I{INCLUDE}", f"-I{folder}", "-c",
                 *c_files(folder, ".c"), cwd=tmp_path)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("compiler", ["g++", "clang++"])
@pytest.mark.parametrize("name", SETS)
def test_headers_are_cpp_too(generated: Path, name: str, compiler: str) -> None:
    folder = generated / name
    for header in c_files(folder, ".h"):
        text = f'#include "proto/{header.name}"\n#include "proto/{header.name}"\n'
        result = run(need(compiler), "-std=c++11", "-Wall", "-Wextra", "-Wpedantic", "-Werror",
                     f"-I{INCLUDE}", f"-I{folder}", "-fsyntax-only", "-x", "c++", "-", input=text)
        assert result.returncode == 0, f"{header.name}: {result.stderr}"


CPP = """#include "proto/wide_build.h"
#include "proto/wide_check.h"
#include "proto/wide_codec.h"
#include "proto/wide_meta.h"
#include "proto/wide_print.h"
#include "proto/wide_view.h"
int main()
{
    wide_grown packet;
    wide_spot spot = {1.0f, 2};
    wide_target target = {};
    uint8_t frame[WIDE_GROWN_FRAME_MAX];
    char text[400];
    bool fits = wide_grown_set_all(&packet, "text", 1, WIDE_MOOD_SAD, nullptr, &spot, &target,
                                   "name", 0.5f);
    uint32_t size = wide_grown_frame_size(&packet);
    wide_grown_encode(&packet, frame);
    pc_frame there = pc_frame_at(frame);
    return fits && wide_grown_validate(&packet) == PC_WIRE_OK && there.size == size &&
           wide_print_frame(&there, text, sizeof text) > 0 &&
           pc_meta_find(&wide_meta, WIDE_GROWN_ID) != nullptr ? 0 : 1;
}
"""


def test_cpp_program_uses_the_c_library(generated: Path, tmp_path: Path) -> None:
    """Headers that compile are not enough: the names must be those of the C objects."""
    folder = generated / "wide"
    sources = [path for path in c_files(folder, ".c")
               if path.stem.startswith("wide_") and not path.stem.endswith("_send")]
    base = [ROOT / "runtime" / "base" / f"{part}.c" for part in ("wire", "json", "meta")]
    include = [f"-I{INCLUDE}", f"-I{folder}"]
    result = run(need("gcc"), "-std=c11", *include, "-c", *sources, *base, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    (tmp_path / "main.cpp").write_text(CPP)
    result = run(need("g++"), "-std=c++11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", *include,
                 "main.cpp", *tmp_path.glob("*.o"), "-o", "main", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert run(tmp_path / "main").returncode == 0


@pytest.mark.parametrize("name", SETS)
def test_c_is_as_clang_format_sets_it(generated: Path, name: str) -> None:
    style = f"--style=file:{ROOT / '.clang-format'}"
    result = run(need("clang-format"), style, "--dry-run", "-Werror",
                 *c_files(generated / name, ".c"), *c_files(generated / name, ".h"))
    assert result.returncode == 0, result.stderr


LONG = "a2345678_1_2345678_2_2345678_3_2"  # as long as names may be


def test_longest_names_compile(tmp_path: Path) -> None:
    """Lines that cannot be broken well may differ from clang-format; they are still right."""
    text = (f"protocol: {LONG[:16]}\nversion: 1\n{ROLES}"
            "flows:\n  - {flow: client -> gate, ids: 1-9}\n"
            f"consts: {{{LONG.upper()}: 300}}\n"
            f"enums: {{{LONG[:-1]}e: {{type: u8, values: {{{LONG.upper()}: 1}}}}}}\n"
            f"structs: {{{LONG[:-1]}s: {{fields: [a: 'string<{LONG.upper()}>', b: u8]}}}}\n"
            f"packets:\n  {LONG}:\n    id: 1\n    flow: client -> gate\n    fields:\n"
            f"      - {LONG}: {LONG[:-1]}e\n      - {LONG[:-1]}3: string<{LONG.upper()}>\n"
            f"      - {LONG[:-1]}4: {LONG[:-1]}s[<={LONG.upper()}]\n"
            f"      - {LONG[:-1]}5: u64[<={LONG.upper()}]\n"
            f"      - {LONG[:-1]}6: bytes<{LONG.upper()}>\n"
            f"      - {LONG[:-1]}7: {LONG[:-1]}s\n"
            f"      - {LONG[:-1]}8: {LONG[:-1]}e[8]\n")
    text = text.replace("300}", "100}")
    writer.write(tmp_path / "out", pipeline.emit(program_of(tmp_path, text)))
    out = tmp_path / "out"
    result = run(need("gcc"), "-std=c11", *WARNINGS, f"-I{INCLUDE}", f"-I{out}", "-c",
                 *c_files(out, ".c"), cwd=tmp_path)
    assert result.returncode == 0, result.stderr


# ---- handlers ----

def compile_handler(generated: Path, text: str, compiler: str, tmp_path: Path) -> tuple[int, str]:
    folder = generated / "demo"
    result = run(need(compiler), "-std=c11", *WARNINGS, f"-I{INCLUDE}", f"-I{folder}", "-c", "-x",
                 "c", "-", "-o", tmp_path / "handler.o", input=text)
    return result.returncode, result.stderr


GOOD = """#include "proto/gate_dispatch.h"
static void on_numbers(struct pc_session *session, const struct demo_numbers *packet)
{
    (void)session;
    (void)packet;
}
REGISTER_HANDLER(demo_numbers, on_numbers);
"""


@pytest.mark.parametrize("compiler", ["gcc", "clang", "x86_64-w64-mingw32-gcc"])
def test_handler_is_registered_without_a_warning(generated: Path, tmp_path: Path,
                                                 compiler: str) -> None:
    assert compile_handler(generated, GOOD, compiler, tmp_path) == (0, "")


@pytest.mark.parametrize(("old", "new", "said"), [
    ("const struct demo_numbers *packet", "const struct demo_texts *packet", "demo_numbers"),
    ("const struct demo_numbers *packet", "struct demo_numbers *packet", "demo_numbers"),
    ("struct pc_session *session", "void *session", "demo_numbers"),
    ("static void", "static int", "demo_numbers"),
    ("REGISTER_HANDLER(demo_numbers", "REGISTER_HANDLER(demo_moods", "demo_moods"),
    ("gate_dispatch", "game_dispatch", "demo_numbers"),
])
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_wrong_handler_is_a_compile_error(generated: Path, tmp_path: Path, compiler: str, old: str,
                                          new: str, said: str) -> None:
    status, output = compile_handler(generated, GOOD.replace(old, new), compiler, tmp_path)
    assert status != 0
    assert said in output


def test_two_dispatch_headers_in_one_file_are_an_error(generated: Path, tmp_path: Path) -> None:
    text = '#include "proto/game_dispatch.h"\n' + GOOD
    status, output = compile_handler(generated, text, "gcc", tmp_path)
    assert status != 0 and "one role only" in output


def test_missing_handler_is_named_by_the_linker(generated: Path, tmp_path: Path) -> None:
    folder = generated / "demo"
    main = tmp_path / "main.c"
    main.write_text(GOOD + "int main(void)\n{\n"
                    "    return gate_accepts_client.entry_count == 0;\n}\n")
    sources = [folder / "proto" / f"{name}.c" for name in (
        "gate_dispatch", "demo_codec", "inner_codec", "base_codec")]
    result = run(need("gcc"), "-std=c11", f"-I{INCLUDE}", f"-I{folder}", main, *sources,
                 ROOT / "runtime" / "base" / "wire.c", "-o", tmp_path / "main")
    assert result.returncode != 0
    assert "gate_handle_demo_texts" in result.stderr
    assert "gate_handle_demo_numbers" not in result.stderr


# ---- Python ----

def test_types_of_the_generator_and_its_output_are_right(generated: Path, tmp_path: Path) -> None:
    mypy = need("mypy")
    cache = f"--cache-dir={tmp_path / 'cache'}"
    result = run(mypy, "--strict", cache, "-p", "pcgen", cwd=ROOT / "codegen")
    assert result.returncode == 0, result.stdout
    for name in SETS:
        result = run(mypy, "--strict", cache, ".", cwd=generated / name / "python")
        assert result.returncode == 0, result.stdout


RELAYED = """\
protocol: demo
version: 1
roles: [client, gate, game]
outside: [client]
flows:
  - {flow: client -> gate, ids: 1-9}
  - {flow: game -> client, via: gate, ids: 20-29}
packets:
  seen:
    id: 20
    flow: game -> client
    latest: who
    fields: [kind: u8, who: i16, said: string<4>]
  heard: {id: 21, flow: game -> client, fields: [who: u8]}
  done: {id: 22, flow: game -> client, latest: who, fields: [kind: u8, who: u16]}
  left: {id: 23, flow: game -> client, latest: who, fields: [who: bool]}
"""


def test_relay_learns_where_the_key_of_latest_lies(tmp_path: Path) -> None:
    source = tmp_path / "demo.yaml"
    source.write_text(RELAYED, encoding="utf-8")
    assert pcgen("gen", "--out", tmp_path / "out", source).returncode == 0
    made = (tmp_path / "out" / "proto" / "gate_dispatch.c").read_text(encoding="utf-8")
    keys = made.split("relays_game_client_keys[] = {\n")[1].split("};")[0]
    assert keys.split() == ["{5u,", "2u},", "{4u,", "1u},"]
    entries = made.split("relays_game_client_entries[] = {\n")[1].split("};")[0]
    assert [line.strip() for line in entries.splitlines() if ".latest" in line] == [
        ".latest = 1,", ".latest = 0,", ".latest = 1,", ".latest = 2,"]
    sends = (tmp_path / "out" / "proto" / "demo_codec_send.c").read_text(encoding="utf-8")
    assert "pc_session_send_latest(session, (uint64_t)(uint16_t)packet->who, " in sends
