"""The whole way from YAML to files, in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pcgen import ir, loader, outputs, passes, schema
from pcgen.diagnostics import ErrorSink
from pcgen.outputs import Output


@dataclass(frozen=True, slots=True)
class Compiled:
    """What became of some files. Without a program there is something in the sink."""

    program: ir.Program | None
    sources: tuple[Path, ...]  # every YAML file read, imports included
    files: tuple[schema.File, ...]
    sink: ErrorSink


def compile_files(paths: Sequence[Path]) -> Compiled:
    """[A] to [C]: read, check and resolve."""
    sink = ErrorSink()
    files = tuple(loader.load(paths, sink))
    sources = tuple(file.source.path for file in files)
    if sink.failed:
        return Compiled(None, sources, files, sink)
    context = passes.Context(files, sink)
    for stage in (passes.RESOLVE, passes.EXAMPLES, passes.ASSEMBLE):
        for run in stage:
            run(context)
        if sink.failed:
            return Compiled(None, sources, files, sink)
    return Compiled(context.program, sources, files, sink)


def emit(program: ir.Program) -> tuple[Output, ...]:
    """[D] and [E]: views and templates, in memory."""
    return outputs.emit(program)
