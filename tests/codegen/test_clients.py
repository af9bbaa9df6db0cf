"""Outputs for clients, each in a folder of its own: golden copies, the same bytes everywhere,
nothing stale, nothing written twice."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support import GOLDEN, HEAD, ROOT, golden_inputs, pcgen, protocol_inputs, run

KINDS = ("csharp", "typescript")


def tree_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.name != ".pcgen-state"}


@pytest.mark.parametrize("kind", KINDS)
def test_output_is_the_golden_one(tmp_path: Path, update_golden: bool, kind: str) -> None:
    """`pytest tests/codegen --update-golden` writes the golden files anew; look at the diff."""
    expect = GOLDEN / "clients" / kind
    result = pcgen("gen", f"--{kind}", tmp_path / kind, *golden_inputs())
    assert result.returncode == 0, result.stderr
    made = tree_of(tmp_path / kind)
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


@pytest.mark.parametrize("kind", KINDS)
def test_same_input_gives_the_same_bytes(tmp_path: Path, kind: str) -> None:
    assert pcgen("gen", f"--{kind}", tmp_path / "one", *protocol_inputs()).returncode == 0
    inputs = [os.path.relpath(path, tmp_path) for path in reversed(protocol_inputs())]
    environment = {"PYTHONHASHSEED": "77", "LC_ALL": "C", "TZ": "Asia/Seoul"}
    result = run("/usr/bin/python3", "-B", ROOT / "codegen" / "pcgen_main.py", "gen", f"--{kind}",
                 tmp_path / "two", *inputs, cwd=tmp_path, env={**os.environ, **environment})
    assert result.returncode == 0, result.stderr
    assert tree_of(tmp_path / "two") == tree_of(tmp_path / "one")
    for name, data in tree_of(tmp_path / "one").items():
        assert str(ROOT).encode() not in data, name


def test_all_folders_at_once_and_nothing_the_second_time(tmp_path: Path) -> None:
    folders = [word for kind in ("out", *KINDS) for word in (f"--{kind}", str(tmp_path / kind))]
    first = pcgen("gen", *folders, *golden_inputs())
    assert first.returncode == 0, first.stderr
    assert pcgen("gen", "--verbose", *folders, *golden_inputs()).stdout == "nothing changed\n"
    assert pcgen("gen", "--check", *folders, *golden_inputs()).returncode == 0
    spoiled = tmp_path / KINDS[0] / "Demo.cs"
    spoiled.write_text("spoiled")
    checked = pcgen("gen", "--check", *folders, *golden_inputs())
    assert checked.returncode == 1
    assert checked.stdout == f"would be written {spoiled.relative_to(tmp_path / KINDS[0])}\n"
    again = pcgen("gen", "--verbose", *folders, *golden_inputs())
    assert again.stdout == f"wrote {spoiled.relative_to(tmp_path / KINDS[0])}\n"


@pytest.mark.parametrize("kind", KINDS)
def test_files_that_are_no_longer_made_are_removed(tmp_path: Path, kind: str) -> None:
    path, out = tmp_path / "one.yaml", tmp_path / "out"
    path.write_text(HEAD + "consts: {A: 1}\n")
    assert pcgen("gen", f"--{kind}", out, path).returncode == 0
    before = tree_of(out)
    (out / "mine.txt").write_text("not ours")
    path.write_text(HEAD.replace("demo", "other") + "consts: {A: 1}\n")
    assert pcgen("gen", f"--{kind}", out, path).returncode == 0
    after = tree_of(out)
    assert any("demo" in name.lower() for name in before)
    assert not any("demo" in name.lower() for name in after)
    assert any("other" in name.lower() for name in after) and "mine.txt" in after


@pytest.mark.parametrize("kind", KINDS)
def test_depfile_names_every_input(tmp_path: Path, kind: str) -> None:
    stamp, depfile = tmp_path / "stamp", tmp_path / "stamp.d"
    demo = GOLDEN / "in" / "demo.yaml"
    result = pcgen("gen", f"--{kind}", tmp_path / "out", "--stamp", stamp, "--depfile", depfile,
                   demo)
    assert result.returncode == 0 and stamp.exists(), result.stderr
    text = depfile.read_text()
    assert text.startswith(f"{stamp}: ")
    for part in ("demo.yaml", "base.yaml", f"pcgen/{kind}/lower.py", f"templates/{kind}/"):
        assert part in text, part


@pytest.mark.parametrize(("arguments", "said"), [
    ([], "name a folder"), (["--out", "x", "--typescript", "./x"], "a folder of its own"),
    (["--typescript", "x", "--manifest", "m"], "--manifest is about --out"),
])
def test_folders_that_make_no_sense_are_wrong_usage(tmp_path: Path, arguments: list[str],
                                                    said: str) -> None:
    result = pcgen("gen", *arguments, *golden_inputs(), cwd=tmp_path)
    assert result.returncode == 2 and said in result.stderr
    assert not list(tmp_path.iterdir())
