"""pcgen fuzz: a harness, a dictionary and a corpus for each accept table."""

from __future__ import annotations

import argparse
from pathlib import Path

from pcgen.tools import command
from pcgen.tools.generated import compile_for_output

MORE = """\
For the table gate_accepts_client the folder gets gate_accepts_client.c and .dict, and
gate_accepts_client.corpus/ with one file for each packet in each of some values. The harness says
how it is built.
"""


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, required=True, help="folder for all of it")
    command.add_format(parser)
    command.add_yaml(parser)


def _run(options: argparse.Namespace) -> int:
    """What is there already and does not change is not written."""
    from pcgen import render, writer
    from pcgen.c import layout, naming
    from pcgen.fuzz import dictionary, lower

    compiled = compile_for_output(options)
    if compiled is None or compiled.program is None:
        return command.FAILED
    renderer = render.Renderer()
    for table in (table for role in compiled.program.roles for table in role.accepts):
        name = naming.table(table)
        harness = renderer.render("fuzz/harness.c.j2", lower.lower(table))
        writer.write_if_changed(options.out / f"{name}.c", layout.finish(harness))
        writer.write_if_changed(options.out / f"{name}.dict", dictionary.dictionary(table))
        corpus = options.out / f"{name}.corpus"
        corpus.mkdir(parents=True, exist_ok=True)
        for seed, data in lower.corpus(table):
            (corpus / seed).write_bytes(data)
    return command.OK


COMMAND = command.Command("fuzz", "write fuzz harnesses and dictionaries",
                          "pcgen fuzz --out build/fuzz protocol/*.yaml", _arguments, _run, MORE)
