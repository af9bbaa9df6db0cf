"""The codecs that have to agree. Each is asked with packets' ids and payloads and answers with a
line for each: "no", or "ok" and the frames it encodes to again, at each version of the protocol."""

from __future__ import annotations

import importlib
import json
import math
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pcgen import ir
from pcgen.c import naming
from pcgen.interp.decode import Refused, decode
from pcgen.interp.frames import join
from pcgen.interp.json_out import Printer
from pcgen.vectors.reference import encode

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
WARNINGS = ("-std=c11 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wswitch-enum "
            "-Wmissing-prototypes -Wstrict-prototypes -Wvla -Werror").split()
SANITIZERS = ("-fsanitize=address,undefined -fno-sanitize-recover=all "
              "-fno-omit-frame-pointer").split()
WINDOWS = "x86_64-w64-mingw32-gcc"
# Leaks are looked for nowhere: the driver frees as it goes, and the search takes a second.
ENVIRONMENT = {"ASAN_OPTIONS": "detect_leaks=0", "UBSAN_OPTIONS": "print_stacktrace=1"}


class Failed(Exception):
    """A compiler refused, a program crashed, or codecs disagree; says how."""


@dataclass(frozen=True, slots=True)
class Question:
    packet: ir.Packet
    payload: bytes
    origin: str


class Speaker(Protocol):
    name: str

    def answers(self, questions: Sequence[Question]) -> list[str]: ...


def run(*command: str | Path, text: str = "", cwd: Path | None = None) -> str:
    """What it prints. Raises Failed with what it complains of."""
    ended = subprocess.run([str(part) for part in command], input=text, capture_output=True,
                           text=True, check=False, cwd=cwd, env={**os.environ, **ENVIRONMENT})
    if ended.returncode != 0:
        said = (ended.stdout[-2000:] + ended.stderr[-6000:]).strip()
        raise Failed(f"{' '.join(str(part) for part in command)[:300]}\n{said}")
    return ended.stdout


def need(tool: str) -> str:
    path = shutil.which(tool)
    if path is None:
        raise Failed(f"{tool} is not installed; run ./scripts/setup")
    return path


def _lines(questions: Sequence[Question]) -> str:
    return "".join(f"{question.packet.id} {question.payload.hex()}\n" for question in questions)


# ---- C ----


def _listed(macro: str, packets: list[ir.Packet]) -> str:
    rows = " ".join(f"X({naming.tag(packet)}, {naming.packet_macro(packet, 'ID')})"
                    for packet in packets)
    return f"#define {macro}(X) {rows}\n"


def write_packets_h(program: ir.Program, folder: Path) -> None:
    """What driver.c is told of the schema."""
    packets = [packet for protocol in program.protocols for packet in protocol.packets]
    names = [protocol.name for protocol in program.protocols]
    version = max(protocol.version for protocol in program.protocols)
    text = "#pragma once\n"
    text += "".join(f'#include "proto/{name}_{part}.h"\n' for name in names
                    for part in ("build", "check", "codec", "ids", "meta", "print", "view"))
    text += f"#define VERSIONS {version}\n"
    text += _listed("EACH_SAME", [packet for packet in packets if not packet.grows])
    text += _listed("EACH_GROWN", [packet for packet in packets if packet.grows])
    (folder / "packets.h").write_text(text, encoding="utf-8")


@dataclass(slots=True)
class C:
    """The driver, built with a compiler under sanitizers; or for Windows, under Wine."""

    name: str
    program: Path

    def answers(self, questions: Sequence[Question]) -> list[str]:
        """What is printed is compared here, for only C prints."""
        wine = [ROOT / "scripts" / "wine"] if self.program.suffix == ".exe" else []
        said = run(*wine, self.program, text=_lines(questions)).splitlines()
        for question, line in zip(questions, said, strict=True):
            if line.startswith("ok"):
                self.check_print(question, line.partition("\t")[2])
        return [line.partition("\t")[0] if line.startswith("ok") else "no" for line in said]

    def check_print(self, question: Question, text: str) -> None:
        """It must be what pcgen decode says."""
        packet = question.packet
        values = decode(packet, question.payload)
        if not is_alike(json.loads(text), Printer(False).fields(packet.fields, values)):
            raise Failed(f"{self.name}: {packet.protocol}.{packet.name} prints {text}")


def is_alike(printed: object, expected: object) -> bool:
    """A float may be printed in another way than the nearest step of a quantised number is."""
    if isinstance(printed, list) and isinstance(expected, list):
        return len(printed) == len(expected) and all(map(is_alike, printed, expected))
    if isinstance(printed, dict) and isinstance(expected, dict):
        return list(printed) == list(expected) and all(
            map(is_alike, printed.values(), expected.values()))
    if isinstance(expected, float) and isinstance(printed, int | float):
        return math.isclose(printed, expected, rel_tol=1e-6, abs_tol=1e-6)
    return type(printed) is type(expected) and printed == expected


# The parts of a protocol that need no runtime but wire, json and meta.
LINKED = ("_check.c", "_codec.c", "_ids.c", "_meta.c", "_print.c")


def c_flags(folder: Path) -> list[str]:
    return [*WARNINGS, f"-I{ROOT / 'runtime' / 'include'}", f"-I{folder}"]


def build_c(compiler: str, folder: Path, options: Sequence[str]) -> C:
    """All that was generated is compiled; the codecs are linked."""
    suffix = ".exe" if compiler == WINDOWS else ""
    program = folder / f"driver-{compiler}{suffix}"
    sources = sorted((folder / "proto").glob("*.c"))
    codecs = [path for path in sources if path.name.endswith(LINKED)]
    others = [path for path in sources if path not in codecs]
    run(need(compiler), *c_flags(folder), *options, *codecs, HERE / "driver.c",
        *(ROOT / "runtime" / "base" / f"{part}.c" for part in ("wire", "json", "meta")),
        "-o", program)
    run(need(compiler), *c_flags(folder), "-fsyntax-only", *others)
    return C(compiler, program)


# ---- Python ----


@dataclass(slots=True)
class Python:
    """The generated modules."""

    folder: Path
    versions: int
    name: str = "python"

    def answers(self, questions: Sequence[Question]) -> list[str]:
        sys.path.insert(0, str(self.folder))
        pcwire = importlib.import_module("pcwire")
        result = []
        for question in questions:
            module = importlib.import_module(question.packet.protocol)
            kind = module.PACKETS[question.packet.id]
            try:
                packet = kind.decode(question.payload)
            except pcwire.DecodeError:
                result.append("no")
                continue
            frames = [packet.encode(version).hex() for version in range(1, self.versions + 1)]
            result.append(" ".join(["ok", *frames]))
        return result


# ---- the IR itself ----


@dataclass(slots=True)
class Interpreter:
    """What `pcgen decode` and the test vectors do, without generated code."""

    versions: int
    name: str = "pcgen"

    def answers(self, questions: Sequence[Question]) -> list[str]:
        return [self.answer(question) for question in questions]

    def answer(self, question: Question) -> str:
        packet = question.packet
        try:
            values = decode(packet, question.payload)
        except Refused:
            return "no"
        frames = [join(packet.id, bytes(encode(packet.fields, values, version).data)).hex()
                  for version in range(1, self.versions + 1)]
        return " ".join(["ok", *frames])


# ---- TypeScript ----


@dataclass(slots=True)
class TypeScript:
    folder: Path
    versions: int
    protocols: list[str]
    name: str = "typescript"

    def answers(self, questions: Sequence[Question]) -> list[str]:
        return run(need("node"), HERE / "driver.mjs", self.folder, str(self.versions),
                   *self.protocols, text=_lines(questions)).splitlines()


def build_typescript(program: ir.Program, folder: Path, versions: int) -> TypeScript:
    """folder: the generated sources, of which the compiler makes <folder>/js."""
    strict = ("--strict --noImplicitReturns --noFallthroughCasesInSwitch --isolatedModules "
              "--target es2020 --module es2020 --moduleResolution node --lib es2020").split()
    sources = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*.ts"))]
    run(need("tsc"), *strict, "--outDir", "js", *sources, cwd=folder)
    (folder / "js" / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    return TypeScript(folder / "js", versions, [protocol.name for protocol in program.protocols])


# ---- C# ----


@dataclass(slots=True)
class CSharp:
    program: Path
    versions: int
    name: str = "csharp"

    def answers(self, questions: Sequence[Question]) -> list[str]:
        return run(need("mono"), self.program, str(self.versions),
                   text=_lines(questions)).splitlines()


def build_csharp(folder: Path, versions: int) -> CSharp:
    """folder: the generated sources."""
    program = folder / "driver.exe"
    run(need("mcs"), "-langversion:7.2", "-warn:4", "-warnaserror", "-nologo", f"-out:{program}",
        HERE / "driver.cs", *sorted(folder.rglob("*.cs")))
    return CSharp(program, versions)
