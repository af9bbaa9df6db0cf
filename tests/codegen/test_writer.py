"""What gen leaves in a folder, and what it leaves alone there."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support import FLOWS, HEAD, ROOT, golden_inputs, pcgen

from pcgen import writer
from pcgen.writer import MANIFEST, SIGNATURE

KINDS = ("out", "csharp", "typescript")


def tree_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*")) if path.is_file()}


# ---- what is not ours ----

@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", [b"notes.txt\n", b"codec notes.txt\n", b"\xff\n",
                                  b"\nx notes.txt"])
def test_manifest_of_somebody_else_is_refused(tmp_path: Path, kind: str, text: bytes) -> None:
    (tmp_path / MANIFEST).write_bytes(text)
    (tmp_path / "notes.txt").write_text("mine")
    before = tree_of(tmp_path)
    for more in ([], ["--check"]):
        made = pcgen("gen", f"--{kind}", tmp_path, *more, *golden_inputs())
        assert made.returncode == 1
        assert f"{tmp_path / MANIFEST} is not the manifest that pcgen leaves" in made.stderr
    assert tree_of(tmp_path) == before


def test_file_that_others_call_manifest_is_left_alone(tmp_path: Path) -> None:
    for name, text in (("manifest.txt", "notes.txt\n"), ("notes.txt", "mine")):
        (tmp_path / name).write_text(text)
    assert pcgen("gen", "--out", tmp_path, *golden_inputs()).returncode == 0
    assert (tmp_path / "manifest.txt").read_text() == "notes.txt\n"
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_nothing_outside_the_folder_is_removed(tmp_path: Path) -> None:
    """Not by way of .., of an absolute path or of a link either; what lies inside is."""
    outside, folder = tmp_path / "outside", tmp_path / "folder"
    for place in (outside, folder):
        place.mkdir()
        (place / "old.txt").write_text("old")
    (folder / "link").symlink_to(outside)
    names = ("../outside/old.txt", str(outside / "old.txt"), "link/old.txt", "old.txt")
    (folder / MANIFEST).write_text("\n".join([SIGNATURE, *(f"codec {name}" for name in names)]))
    assert writer.write(folder, ()) == ["removed old.txt"]
    assert (outside / "old.txt").exists() and not (folder / "old.txt").exists()


# ---- the state of the last run ----

@pytest.mark.parametrize("kind", KINDS)
def test_folder_says_nothing_of_the_machine(tmp_path: Path, kind: str) -> None:
    """Two checkouts, each with generator, protocol and folder in the same places."""
    for name in ("one", "other"):
        home = tmp_path / name
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "codegen", home / "codegen", ignore=ignore)
        shutil.copytree(golden_inputs()[0].parent, home / "protocol")
        inputs = sorted((home / "protocol").glob("*.yaml"))
        made = subprocess.run([sys.executable, "-B", home / "codegen" / "pcgen_main.py", "gen",
                               f"--{kind}", home / "made", *inputs], check=False)
        assert made.returncode == 0
    one, other = (tree_of(tmp_path / name / "made") for name in ("one", "other"))
    assert ".pcgen-state" in one and one == other
    for name, data in one.items():
        assert str(tmp_path).encode() not in data, name


PROBE = """
import json, os, pathlib, sys
sys.argv[1:], before = sys.argv[2:], set(sys.modules)
sys.path.insert(0, os.environ["CODEGEN"])
written = []
def watch(event, arguments):
    if event == "open" and isinstance(arguments[0], str) and arguments[2] & (
            os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        written.append(arguments[0])
    elif event.startswith("os.") and event in ("os.mkdir", "os.remove", "os.rename", "os.utime"):
        written.append(str(arguments[0]))
sys.addaudithook(watch)
from pcgen.cli import main
status = main(sys.argv[1:])
print(json.dumps([status, written, sorted(set(sys.modules) - before)]))
"""


def probed(*arguments: str | Path) -> tuple[list[str], list[str]]:
    """What a run of pcgen writes, and which modules it imports."""
    made = subprocess.run([sys.executable, "-B", "-c", PROBE, "-", *map(str, arguments)],
                          env={"CODEGEN": str(ROOT / "codegen")}, capture_output=True, text=True,
                          check=False)
    assert made.returncode == 0, made.stderr
    status, written, modules = json.loads(made.stdout.splitlines()[-1])
    assert status == 0
    return written, modules


def test_run_without_news_reads_hashes_only(tmp_path: Path) -> None:
    """Of a large schema: no YAML is parsed, no template loaded, nothing written."""
    packets = "".join(f"  go_{number}: {{id: {number}, flow: client -> gate, fields: [n: u{8}]}}\n"
                      for number in range(1, 100))
    (tmp_path / "large.yaml").write_text(FLOWS + "packets:\n" + packets)
    arguments = ("gen", "--out", tmp_path / "out", tmp_path / "large.yaml")
    written, modules = probed(*arguments)
    assert written and {"jinja2", "yaml", "pcgen.pipeline"} <= set(modules)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")}
    written, modules = probed(*arguments)
    assert written == []
    assert not {"jinja2", "yaml", "pcgen.pipeline", "pcgen.loader"} & set(modules)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")} == before


# ---- the depfile ----

def test_depfile_escapes_what_ninja_and_make_read_otherwise(tmp_path: Path) -> None:
    folder = tmp_path / "a $b #c"
    folder.mkdir()
    (folder / "my file.yaml").write_text(HEAD)
    stamp = folder / "the stamp"
    assert pcgen("gen", "--out", folder / "out", "--stamp", stamp, "--depfile", folder / "d",
                 folder / "my file.yaml").returncode == 0
    text = (folder / "d").read_text()
    inside = str(tmp_path) + r"/a\ $$b\ \#c"
    assert text.startswith(rf"{inside}/the\ stamp: ")
    assert rf"{inside}/my\ file.yaml" in text


# ---- a program that reads what pcgen says ----

@pytest.mark.parametrize("arguments", [
    ["gen", "--out", "out"], ["gen", "--out", "out", "--verbose"],
    ["gen", "--check", "--out", "no"],
    ["fmt"], ["fmt", "--check"], ["release", "--out", "locks"], ["check"], ["breaking", "--against",
     "locks"], ["doc", "--html", "page.html"], ["vectors", "--out", "v"], ["fuzz", "--out", "f"],
])
def test_format_for_programs_is_all_that_stands_on_standard_output(tmp_path: Path,
                                                                   arguments: list[str]) -> None:
    (tmp_path / "demo.yaml").write_text(HEAD.replace("demo", "  demo") + "consts: {A: 1}\n")
    assert pcgen("release", "--out", "locks", "demo.yaml", cwd=tmp_path).returncode == 0
    made = pcgen(*arguments, "--format", "json", "demo.yaml", cwd=tmp_path)
    assert made.returncode == (1 if "--check" in arguments else 0)
    assert json.loads(made.stdout)["findings"] == []
    text = pcgen(*arguments, "demo.yaml", cwd=tmp_path)
    assert not text.stdout.startswith("{")


def test_command_that_cannot_obey_a_format_refuses_it() -> None:
    assert pcgen("sizes", "--format", "json", *golden_inputs()).returncode == 2
