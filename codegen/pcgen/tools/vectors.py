"""pcgen vectors: test vectors of all packets, as C and as JSON."""

from __future__ import annotations

import argparse
from pathlib import Path

from pcgen.tools import command
from pcgen.tools.generated import compile_for_output, inputs_of


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, required=True, help="folder for vectors.c and .json")
    parser.add_argument("--depfile", type=Path, help="write what vectors.c depends on")
    command.add_format(parser)
    command.add_yaml(parser)


def _run(options: argparse.Namespace) -> int:
    """Not written if unchanged; the depfile's target is touched by the build."""
    from pcgen import render, writer
    from pcgen.vectors import cases, to_c, to_json

    compiled = compile_for_output(options)
    if compiled is None or compiled.program is None:
        return command.FAILED
    found = cases.of_program(compiled.program)
    table = render.Renderer().render("vectors/vectors.c.j2", to_c.lower(found))
    writer.write_if_changed(options.out / "vectors.c", table)
    writer.write_if_changed(options.out / "vectors.json", to_json.to_json(found))
    if options.depfile:
        inputs = inputs_of(compiled.sources)
        options.depfile.write_bytes(
            writer.depfile_text(options.out / "vectors.c", inputs).encode())
    return command.OK


COMMAND = command.Command("vectors", "write test vectors of all packets",
                          "pcgen vectors --out build/vectors protocol/*.yaml", _arguments, _run)
