"""What the commands share that make files from the whole protocol."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pcgen.tools import command

if TYPE_CHECKING:
    from pcgen.outputs import Output
    from pcgen.pipeline import Compiled
    from pcgen.source import SourceFile

PACKAGE = Path(__file__).resolve().parents[1]
TEMPLATES = PACKAGE.parent / "templates"


@dataclass(frozen=True, slots=True)
class Made:
    """Outputs in memory, and the YAML files they were made from."""

    outputs: tuple[Output, ...]
    sources: tuple[SourceFile, ...]


def generator_files() -> list[Path]:
    """The generator's own parts that make outputs what they are."""
    return sorted([*PACKAGE.rglob("*.py"), *TEMPLATES.rglob("*.j2")])


def inputs_of(sources: Sequence[Path]) -> list[Path]:
    """Everything that the outputs depend on."""
    return [*sources, *generator_files()]


def compile_for_output(options: argparse.Namespace) -> Compiled | None:
    """As compile_or_report, of the files that the options name; None if there were errors."""
    compiled = command.compile_or_report(options, command.yaml_of(options))
    return None if compiled is None or compiled.program is None else compiled


def outputs_or_report(options: argparse.Namespace) -> Made | None:
    """All files that gen writes; None if there were errors, which have been shown."""
    made = folders_or_report(options, ("out",))
    return made["out"] if made else None


def folders_or_report(options: argparse.Namespace, kinds: Sequence[str]) -> dict[str, Made] | None:
    """The files of each kind of folder: out, csharp, typescript; None if there were errors."""
    from pcgen import clients, pipeline

    compiled = compile_for_output(options)
    if compiled is None or compiled.program is None:
        return None
    emit = {"out": pipeline.emit, "csharp": clients.csharp, "typescript": clients.typescript}
    sources = tuple(file.source for file in compiled.files)
    return {kind: Made(emit[kind](compiled.program), sources) for kind in kinds}
