"""Clients in C# and TypeScript, which speak through what pcgen makes for them, at real servers."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cluster import Cluster
from gate_client import unique_name

pytestmark = pytest.mark.native

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent / "clients"
STORY = "hello register login echo pong enter move chat goodbye"
WAIT_S = 60


def run(*command: str | Path, cwd: Path) -> str:
    """What it prints; the tool must be there and succeed."""
    tool = shutil.which(command[0])
    assert tool is not None, f"{command[0]} is not installed; run ./scripts/setup"
    ended = subprocess.run([tool, *(str(part) for part in command[1:])], cwd=cwd, check=False,
                           capture_output=True, text=True, timeout=WAIT_S)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def generate(option: str, folder: Path) -> None:
    run(sys.executable, "-I", "-B", ROOT / "codegen" / "pcgen_main.py", "gen", option, folder,
        cwd=folder.parent)


def test_typescript_client_tells_the_story(shared: Cluster, folder: Path) -> None:
    generate("--typescript", folder / "proto")
    for name in ("story.ts", "node.d.ts"):
        shutil.copy(HERE / name, folder)
    run("tsc", "--strict", "--target", "es2020", "--module", "es2020", "--moduleResolution", "node",
        "--lib", "es2020", "--outDir", "js", "story.ts", "node.d.ts", cwd=folder)
    (folder / "js" / "package.json").write_text('{"type": "module"}')
    port = str(shared.gate_address[1])
    assert run("node", "js/story.js", port, unique_name("ts"), cwd=folder).strip() == STORY


def test_csharp_client_tells_the_story(shared: Cluster, folder: Path) -> None:
    generate("--csharp", folder / "proto")
    run("mcs", "-langversion:7.2", "-warnaserror", "-out:story.exe", HERE / "Story.cs",
        *sorted((folder / "proto").rglob("*.cs")), cwd=folder)
    port = str(shared.gate_address[1])
    assert run("mono", "story.exe", port, unique_name("cs"), cwd=folder).strip() == STORY
