"""Every command explains itself, and what its help shows as an example works."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from support import ROOT, golden_inputs, pcgen, protocol_inputs

from pcgen import tools
from pcgen.cli import command_named


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of protocol/ under git, and `pcgen` on the path."""
    folder = tmp_path_factory.mktemp("home")
    shutil.copytree(ROOT / "protocol", folder / "protocol")
    (folder / "bin").mkdir()
    (folder / "build").mkdir()
    start = folder / "bin" / "pcgen"
    start.write_text(f'#!/bin/sh\nexec /usr/bin/python3 -I -B {ROOT}/codegen/pcgen_main.py "$@"\n')
    start.chmod(0o755)
    for words in (["init", "-q"], ["add", "protocol"],
                  ["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "start"]):
        subprocess.run(["git", *words], cwd=folder, check=True)
    return folder


@pytest.mark.parametrize("name", tools.NAMES)
def test_help_has_an_example_and_the_example_works(name: str, home: Path) -> None:
    example = command_named(name).example
    shown = pcgen(name, "--help")
    assert shown.returncode == 0
    assert f"example:\n  {example}\n" in shown.stdout
    assert example.startswith(f"pcgen {name}")
    path = f"{home / 'bin'}:/usr/bin:/bin"
    result = subprocess.run(["bash", "-c", example], cwd=home, env={"PATH": path},
                            capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout or any((home / "build").iterdir())


def test_help_of_all_names_each_command() -> None:
    shown = pcgen("--help")
    assert shown.returncode == 0
    for name in tools.NAMES:
        assert f"    {name} " in shown.stdout or f"    {name}\n" in shown.stdout, name


def test_every_command_is_in_the_readme() -> None:
    text = (ROOT / "codegen" / "README.md").read_text(encoding="utf-8")
    table = text.partition("## Commands")[2].partition("## Lock files")[0]
    for name in tools.NAMES:
        assert re.search(rf"^\| [^|]*`{name}\b", table, re.MULTILINE), name


def test_every_module_of_tools_with_a_command_is_listed() -> None:
    folder = ROOT / "codegen" / "pcgen" / "tools"
    have = {path.stem for path in folder.glob("*.py") if "\nCOMMAND = " in path.read_text()}
    assert have == set(tools.NAMES)


def test_unknown_command_is_wrong_usage() -> None:
    assert pcgen("chek").returncode == 2
    assert pcgen().returncode == 2


def test_sizes_lists_every_packet() -> None:
    lines = pcgen("sizes", *protocol_inputs()).stdout.splitlines()
    move = "0x0181     16 ..    16  client.move                     client -> game, via gate"
    assert move in lines


def test_sizes_shows_where_the_bytes_lie(tmp_path: Path) -> None:
    path = tmp_path / "demo.yaml"
    path.write_text(
        "protocol: demo\nversion: 3\nroles: [client, gate]\n"
        "flows: [{flow: client -> gate, ids: 1-9}]\n"
        "structs:\n  place: {fields: [x: f32, y: f32]}\n"
        "packets:\n  go:\n    id: 1\n    flow: client -> gate\n    fields:\n"
        "      - name: {type: string<24>, min: 2}\n      - place: place\n"
        "      - items: u16[<=8]\n"
        "      - more: {type: u32, since: 3, default: 0}\n")
    shown = pcgen("sizes", "--packet", "go", path)
    assert shown.stdout == (
        "demo.go  id 0x0001  16 .. 58 bytes  client -> gate\n"
        "       offset         size  field   type\n"
        "            0            2  (size)  u16\n"
        "            2            2  (id)    u16\n"
        "            4        3..25  name    string<24>   (u8 size, then 2..24 bytes)\n"
        "        7..29            8  place   place\n"
        "        7..29            4    x     f32\n"
        "       11..33            4    y     f32\n"
        "       15..37        1..17  items   u16[<=8]   (u8 count, then 0..8 elements)\n"
        "       16..54            4  more    u32\n"
        "  at version 1: 16 .. 54 bytes\n"
        "  at version 3: 20 .. 58 bytes\n\n")
    assert "did you mean `go`?" in pcgen("sizes", "--packet", "goo", path).stderr


def test_gen_check_lists_what_would_change_and_writes_nothing(tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = pcgen("gen", "--check", "--out", out, *golden_inputs())
    assert result.returncode == 1 and not out.exists()
    assert "would be written proto/demo_ids.h" in result.stdout.splitlines()
    assert pcgen("gen", "--out", out, *golden_inputs()).returncode == 0
    assert pcgen("gen", "--check", "--out", out, *golden_inputs()).returncode == 0
    (out / "proto" / "demo_ids.h").write_text("edited")
    with (out / "pcgen-manifest.txt").open("a") as manifest:
        manifest.write("codec proto/old.c\n")
    (out / "proto" / "old.c").write_text("old")
    result = pcgen("gen", "--check", "--out", out, *golden_inputs())
    assert result.returncode == 1
    assert result.stdout.splitlines() == ["would be removed proto/old.c",
                                          "would be written proto/demo_ids.h",
                                          "would be written pcgen-manifest.txt"]
    assert (out / "proto" / "old.c").exists()
    assert pcgen("gen", "--out", out, *golden_inputs()).returncode == 0
    assert not (out / "proto" / "old.c").exists()


@pytest.mark.parametrize("damage", ["state", "output", "manifest", "input", "gone"])
def test_what_is_remembered_is_never_trusted_blindly(tmp_path: Path, damage: str) -> None:
    """A state, an output, a manifest or an input that is not as the last run left it."""
    inputs = [tmp_path / path.name for path in golden_inputs()]
    for path in golden_inputs():
        shutil.copy(path, tmp_path)
    out = tmp_path / "out"
    assert pcgen("gen", "--out", out, *inputs).returncode == 0
    good = (out / "proto" / "demo_ids.h").read_bytes()
    state = out / ".pcgen-state"
    match damage:
        case "state":
            lines = state.read_text().splitlines()
            state.write_text("\n".join([*lines[:2], "made", "read x", ""]))
        case "output":
            (out / "proto" / "demo_ids.h").write_text("edited")
        case "manifest":
            (out / "pcgen-manifest.txt").write_text("")
        case "input":
            base = tmp_path / "base.yaml"
            base.write_text(base.read_text().replace("version: 3", "version: three"))
        case _:
            (out / "proto" / "demo_ids.h").unlink()
    result = pcgen("gen", "--out", out, *inputs)
    assert result.returncode == (1 if damage == "input" else 0)
    assert (out / "proto" / "demo_ids.h").read_bytes() == good


def test_stats_counts_packets_tables_and_ids() -> None:
    made = json.loads(pcgen("stats", "--json", *golden_inputs()).stdout)
    assert made["protocols"]["demo"]["packets"] == len(
        [line for line in pcgen("sizes", *golden_inputs()).stdout.splitlines() if " demo." in line])
    assert {table["table"] for table in made["tables"]} >= {"gate <- client"}
    row = made["ids"][0]
    assert row["used"] <= row["of"] and row["next_free"].startswith("0x")
    shown = pcgen("stats", *golden_inputs()).stdout
    assert "accept tables\n" in shown and "next free" in shown
