"""The generator in CMake: what is touched is rebuilt, and nothing else.

A copy of what the build of a protocol needs, with the test protocol in the real one's place: so the
tree itself is not changed, and nobody who edits the protocol has to come here."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import GOLDEN, ROOT, need, run

PROJECT = """cmake_minimum_required(VERSION 3.25)
project(incremental LANGUAGES C)
set(CMAKE_C_STANDARD 11)
include(codegen/cmake/compile_options.cmake)
include(codegen/cmake/pcgen.cmake)
add_library(pc_runtime STATIC runtime/base/wire.c)
target_include_directories(pc_runtime PUBLIC runtime/include)
target_link_libraries(pc_runtime PUBLIC portcullis_options)
add_subdirectory(protocol)
"""


class Tree:
    """A configured copy; `build` says which edges ninja ran."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        ignore = shutil.ignore_patterns("__pycache__", ".mypy_cache")
        for part in ("codegen", "runtime/include"):
            shutil.copytree(ROOT / part, folder / part, ignore=ignore)
        shutil.copytree(GOLDEN / "in", folder / "protocol")
        shutil.copy(ROOT / "protocol" / "CMakeLists.txt", folder / "protocol")
        (folder / "runtime" / "base").mkdir()
        shutil.copy(ROOT / "runtime" / "base" / "wire.c", folder / "runtime" / "base")
        (folder / "CMakeLists.txt").write_text(PROJECT)
        made = run(need("cmake"), "-S", folder, "-B", folder / "build", "-G", "Ninja")
        assert made.returncode == 0, made.stderr
        self.clock = 0

    def ninja(self) -> subprocess.CompletedProcess[str]:
        return run(need("ninja"), "-C", self.folder / "build", "-v", "-j2")

    def build(self) -> tuple[bool, list[str]]:
        """Whether pcgen ran, and the C files that were compiled."""
        result = self.ninja()
        assert result.returncode == 0, result.stdout + result.stderr
        lines = re.sub("[\"']", "", result.stdout).splitlines()  # those of paths with spaces
        compiled = sorted({Path(word).name for line in lines if " -c " in line
                           for word in line.split() if word.endswith(".c")})
        return any("pcgen_main.py gen" in line for line in lines), compiled

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        self.newer(path)

    def newer(self, path: Path) -> None:
        """Time stamps of their own: edits and builds of one second are told apart."""
        self.clock += 2
        now = max(path.stat().st_mtime_ns, *(other.stat().st_mtime_ns for other in
                                             (self.folder / "build").rglob("*")))
        os.utime(path, ns=(now + self.clock, now + self.clock))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tree]:
    tree = Tree(tmp_path_factory.mktemp("build"))
    ran, compiled = tree.build()
    assert ran and "demo_codec.c" in compiled and "gate_dispatch.c" in compiled
    yield tree


@pytest.fixture
def tree(built: Tree) -> Tree:
    """Up to date: a test starts from nothing to do."""
    built.build()
    assert built.build() == (False, [])
    return built


def test_comment_in_yaml_compiles_nothing(tree: Tree) -> None:
    tree.edit("protocol/demo.yaml", "# Packets of", "# All packets of")
    assert tree.build() == (True, [])
    assert tree.build() == (False, [])


@pytest.mark.parametrize("name", ["codegen/templates/c/ids.h.j2", "codegen/pcgen/ir.py",
                                  "codegen/pcgen/passes/sizes.py", "protocol/base.yaml"])
def test_touched_input_runs_the_generator_only(tree: Tree, name: str) -> None:
    tree.newer(tree.folder / name)
    assert tree.build() == (True, [])
    assert tree.build() == (False, [])


def test_changed_packet_compiles_what_sees_it(tree: Tree) -> None:
    tree.edit("protocol/inner.yaml", "      - session: u64\n",
              "      - session: u64\n      - more: u8\n")
    ran, compiled = tree.build()
    assert ran
    assert {"inner_codec.c", "inner_codec_send.c", "gate_dispatch.c"} <= set(compiled)
    assert not {"demo_codec.c", "base_codec.c", "client_dispatch.c"} & set(compiled)
    assert tree.build() == (False, [])


def test_changed_template_compiles_what_came_from_it(tree: Tree) -> None:
    tree.edit("codegen/templates/c/ids.c.j2", "Names for the log.", "Names, for the log.")
    ran, compiled = tree.build()
    assert ran and compiled == [f"{name}_ids.c" for name in
                                ("base", "demo", "inner")]


def test_error_stops_the_build_and_keeps_the_files(tree: Tree) -> None:
    header = tree.folder / "build" / "generated" / "proto" / "demo_ids.h"
    before = header.stat().st_mtime_ns
    tree.edit("protocol/demo.yaml", "  BLOCK: 5\n", "  BLOCK: five\n")
    result = tree.ninja()
    assert result.returncode != 0
    assert "demo.yaml:18:10: error PG0109" in result.stdout
    assert header.stat().st_mtime_ns == before
    tree.edit("protocol/demo.yaml", "  BLOCK: five\n", "  BLOCK: 5\n")
    assert tree.build() == (True, [])


def test_new_file_and_new_name_are_seen_without_configuring(tree: Tree) -> None:
    path = tree.folder / "protocol" / "extra.yaml"
    path.write_text("protocol: extra\nversion: 1\nconsts: {A: 1}\n")
    tree.newer(path)
    _, compiled = tree.build()
    assert compiled == [f"extra_{part}.c" for part in ("check", "codec", "ids", "meta", "print")]
    tree.edit("protocol/extra.yaml", "protocol: extra", "protocol: other")
    result = tree.ninja()
    assert result.returncode != 0 and "build again" in result.stdout
    tree.build()
    proto = tree.folder / "build" / "generated" / "proto"
    assert (proto / "other_ids.h").exists() and not (proto / "extra_ids.h").exists()
    path.unlink()
    tree.build()
    assert not (proto / "other_ids.h").exists()


def test_imported_file_that_cmake_was_not_told_of_counts_too(tree: Tree) -> None:
    outside = tree.folder / "outside" / "distant.yaml"
    outside.parent.mkdir()
    outside.write_text("protocol: distant\nversion: 1\n")
    tree.edit("protocol/inner.yaml", "import: [", "import: [../outside/distant.yaml, ")
    result = tree.ninja()
    assert "build again" in result.stdout
    tree.build()
    outside.write_text(outside.read_text() + "consts: {A: 1}\n")
    tree.newer(outside)
    ran, compiled = tree.build()
    assert ran and "distant_codec.c" in compiled
    tree.newer(outside)
    assert tree.build() == (True, [])
    assert tree.build() == (False, [])


def test_path_with_a_space_is_as_good_as_any(tmp_path: Path) -> None:
    """What the depfile says is understood: the second build has nothing to do."""
    tree = Tree(tmp_path / "my tree")
    ran, compiled = tree.build()
    assert ran and "demo_codec.c" in compiled
    assert tree.build() == (False, [])
    tree.newer(tree.folder / "protocol" / "base.yaml")
    assert tree.build() == (True, [])
    assert tree.build() == (False, [])


def test_broken_protocol_is_shown_when_configuring(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    tree.edit("protocol/base.yaml", "version: 3", "version: three")
    result = run(need("cmake"), "-S", tree.folder, "-B", tree.folder / "other", "-G", "Ninja")
    assert result.returncode != 0
    assert "base.yaml:3:10: error PG0109" in result.stderr


def test_python_without_modules_is_named(tmp_path: Path) -> None:
    fake = tmp_path / "bin"
    fake.mkdir()
    script = tmp_path / "find.cmake"
    source = (ROOT / "codegen" / "cmake" / "pcgen.cmake").read_text()
    script.write_text(source.replace("/usr/bin/python3", str(fake / "python3")))
    environment = {**os.environ, "PATH": str(fake)}
    result = run(need("cmake"), "-P", script, env=environment)
    assert result.returncode != 0
    assert "./scripts/setup" in result.stderr
