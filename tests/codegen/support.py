"""What the generator's tests share: compiling inline YAML, running tools."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pcgen import ir, pipeline
from pcgen.pipeline import Compiled

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = Path(__file__).resolve().parent / "golden"
CASES = Path(__file__).resolve().parent / "cases"
INCLUDE = ROOT / "runtime" / "include"
WARNINGS = ("-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wswitch-enum -Wmissing-prototypes "
            "-Wstrict-prototypes -Wvla -Werror").split()
ROLES = "roles: [client, gate, game]\n"
HEAD = "protocol: demo\nversion: 1\n"
FLOWS = HEAD + ROLES + "flows:\n  - {flow: client -> gate, ids: 1-99}\n"


def compile_text(folder: Path, main: str, **others: str) -> Compiled:
    """Compile main.yaml with this text; other files lie beside it, as name.yaml."""
    for name, text in {"main": main, **others}.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return pipeline.compile_files([folder / "main.yaml"])


def program_of(folder: Path, main: str, **others: str) -> ir.Program:
    """The program; the text must be right."""
    compiled = compile_text(folder, main, **others)
    assert compiled.program is not None, compiled.sink.render()
    return compiled.program


def errors_of(folder: Path, main: str, **others: str) -> list[str]:
    """`line:column code` of every error, in the order they are printed."""
    compiled = compile_text(folder, main, **others)
    return [f"{error.span.line}:{error.span.column} {error.code.value}"
            for error in compiled.sink.sorted()]


def with_fields(*fields: str) -> str:
    """A file with one packet `test` of these fields."""
    lines = "".join(f"      - {field}\n" for field in fields)
    return FLOWS + "packets:\n  test:\n    id: 1\n    flow: client -> gate\n    fields:\n" + lines


def golden_inputs() -> list[Path]:
    return sorted((GOLDEN / "in").glob("*.yaml"))


def protocol_inputs() -> list[Path]:
    return sorted((ROOT / "protocol").glob("*.yaml"))


def wide_inputs() -> list[Path]:
    return [ROOT / "tests" / "generated" / "wide" / "wide.yaml"]


def every_set() -> dict[str, list[Path]]:
    """The sets of protocols that the outputs are tested with."""
    generated = ROOT / "tests" / "generated"
    return {"demo": golden_inputs(), "protocol": protocol_inputs(), "wide": wide_inputs(),
            "odd": [generated / "wide" / "odd.yaml"], "now": [generated / "versions" / "now.yaml"]}


def case_count(vectors: Path) -> int:
    """How many cases a file of vectors has: what each language's test must say that it ran."""
    packets = [packet for protocol in json.loads(vectors.read_text())["protocols"]
               for packet in protocol["packets"]]
    return sum(len(packet[kind]) for packet in packets for kind in ("accept", "encode", "reject"))


VERSIONS = ROOT / "tests" / "generated" / "versions"


def make_versions(folder: Path, *options: str) -> int:
    """Old and new version of one protocol with their vectors, in folders of their names, and how
    many cases a test of one against the other has; options: of `gen`, before its folder."""
    for name in ("old", "now"):
        source = VERSIONS / f"{name}.yaml"
        for command in (("gen", *options), ("vectors", "--out")):
            made = pcgen(*command, folder / name, source)
            assert made.returncode == 0, made.stderr
    old, new = (json.loads((folder / name / "vectors.json").read_text())["protocols"][0]["packets"]
                for name in ("old", "now"))
    known = {packet["id"] for packet in old}
    return (sum("encoded" not in item for packet in old for item in packet["accept"])
            + sum(len(packet["accept"]) for packet in new if packet["id"] in known))


def need(tool: str) -> str:
    """The tool's path; a test that needs what is not installed fails and names it."""
    path = shutil.which(tool)
    if path is None:
        pytest.fail(f"{tool} is not installed; run ./scripts/setup")
    return path


def run(*command: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
    """Run to the end; the caller looks at the status."""
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        [str(part) for part in command], capture_output=True, text=True, check=False, **options)


def pcgen(*arguments: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
    """Run the generator as the build does."""
    cache = f"pycache_prefix={ROOT / 'build' / 'pycache'}"
    return run(sys.executable, "-I", "-X", cache, ROOT / "codegen" / "pcgen_main.py", *arguments,
               **options)
