"""Everything pcgen makes is the same bytes from the same input: in any folder, locale and order of
hashes, and whatever the encoding of the terminal."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from support import ROOT, protocol_inputs, run

from pcgen.tools import uptodate

MAIN = ROOT / "codegen" / "pcgen_main.py"
CACHE = f"pycache_prefix={ROOT / 'build' / 'pycache'}"
WIDE = ROOT / "tests" / "generated" / "wide" / "wide.yaml"
KOREAN = "# 모든 것\n"
PLACES = {
    "first": {"PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8"},
    "another folder": {"PYTHONHASHSEED": "77", "LC_ALL": "C", "PYTHONUTF8": "0",
                       "PYTHONCOERCECLOCALE": "0"},
    "셋째": {"PYTHONHASHSEED": "4242", "LC_ALL": "ko_KR.EUC-KR", "PYTHONIOENCODING": "euc-kr",
           "TZ": "Asia/Seoul", "COLUMNS": "30"},
}


def made_in(folder: Path, environment: dict[str, str]) -> dict[str, bytes]:
    """The outputs of every command that makes something, by command and file."""
    source = folder / "protocol"
    shutil.copytree(ROOT / "protocol", source, ignore=shutil.ignore_patterns("released", "*.txt"))
    names = [path.name for path in protocol_inputs()]
    text = (source / names[0]).read_text(encoding="utf-8")
    (source / names[0]).write_text(f"{text}{KOREAN}", encoding="utf-8")
    if int(environment["PYTHONHASHSEED"]) % 2:
        names.reverse()
    shutil.copy(WIDE, folder)
    found: dict[str, bytes] = {}
    for key, words in {
        "gen": ["gen", "--out", "../out", "--typescript", "../ts", "--csharp", "../cs", *names],
        "wide": ["gen", "--out", "../wide", "../wide.yaml"],
        "vectors": ["vectors", "--out", "../vectors", *names],
        "release": ["release", "--out", "../released", *names],
        "sizes": ["sizes", "--layout", *names], "stats": ["stats", *names],
        "lint": ["lint", "--notes", "--format", "sarif", *names],
        "schema": ["schema"], "explain": ["explain"], "fmt": ["fmt", "--check", *names],
    }.items():
        result = run("/usr/bin/python3", "-X", CACHE, MAIN, *words, cwd=source, encoding="utf-8",
                     env={"PATH": os.environ["PATH"], **environment})
        assert result.returncode == 0, (key, result.stderr)
        found[key] = result.stdout.encode()
    for part in ("out", "ts", "cs", "wide", "vectors", "released"):
        found |= {f"{part}/{path.relative_to(folder / part).as_posix()}": path.read_bytes()
                  for path in sorted((folder / part).rglob("*"))
                  if path.is_file() and path.name != uptodate.STATE}
    return found


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return made_in(tmp_path_factory.mktemp("first"), PLACES["first"])


@pytest.mark.parametrize("place", [name for name in PLACES if name != "first"])
def test_same_bytes_everywhere(first: dict[str, bytes], tmp_path: Path, place: str) -> None:
    folder = tmp_path / place
    folder.mkdir()
    other = made_in(folder, PLACES[place])
    assert sorted(other) == sorted(first)
    for name, data in first.items():
        assert other[name] == data, name
    assert all(str(tmp_path).encode() not in data for data in other.values())
