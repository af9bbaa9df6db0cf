"""What a command is, and what the commands share: their files, the formats, the compiler."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pcgen.diagnostics import Diagnostic
    from pcgen.pipeline import Compiled

OK, FAILED, USAGE = 0, 1, 2
FORMATS = ("text", "json", "github", "sarif")
PROJECT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True)
class Command:
    """`example`: a line that works where `protocol/` lies. `run` returns the exit status."""

    name: str
    help: str
    example: str
    arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]
    more: str = ""  # further lines below the example in the help


def add_yaml(parser: argparse.ArgumentParser) -> None:
    """The protocol files; the project's own if none are named."""
    parser.add_argument("yaml", type=Path, nargs="*",
                        help="protocol files; if left out: protocol/*.yaml of the project")


def add_format(parser: argparse.ArgumentParser) -> None:
    """How what is wrong is shown."""
    parser.add_argument("--format", choices=FORMATS, default="text",
                        help="text for people; json, github (annotations) or sarif (2.1.0) for "
                        "tools, on standard output, where nothing else stands then")


def yaml_of(options: argparse.Namespace) -> list[Path]:
    """The files named, or the project's; those are shown relative to the working folder."""
    if options.yaml:
        return list(options.yaml)
    folder = PROJECT / "protocol"
    if folder.is_relative_to(Path.cwd()):
        folder = Path(os.path.relpath(folder))
    found = sorted(folder.glob("*.yaml"))
    if not found:
        sys.stderr.write(f"pcgen: no YAML files in {folder}; name some\n")
        raise SystemExit(USAGE)
    return found


def compile_or_report(options: argparse.Namespace, paths: Sequence[Path]) -> Compiled | None:
    """Everything read and resolved; None if there were errors, which have been shown."""
    from pcgen import pipeline

    compiled = pipeline.compile_files(paths)
    if compiled.program is None:
        report(options, compiled.sink.sorted())
        return None
    return compiled


def report(options: argparse.Namespace, found: Sequence[Diagnostic],
           closing: str | None = None) -> None:
    """Show what is wrong in the format that was asked for."""
    from pcgen.report import formats

    options.reported = True
    formats.publish(found, getattr(options, "format", "text"), closing)


def finish_report(options: argparse.Namespace) -> None:
    """A program that asked for its format gets it also from a command that found nothing."""
    if getattr(options, "format", "text") != "text" and not getattr(options, "reported", False):
        report(options, [])


def say(options: argparse.Namespace, text: str) -> None:
    """What a command tells people: beside the findings, if those are for a program."""
    print(text, file=sys.stdout if options.format == "text" else sys.stderr)
