"""pcgen schema: the language as JSON Schema, for editors."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pcgen.tools import command


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, help="write the file; printed if left out")
    parser.add_argument("--check", action="store_true",
                        help="only say whether the file is up to date")


def _run(options: argparse.Namespace) -> int:
    from pcgen import json_schema, writer

    path = options.out or command.PROJECT / json_schema.PATH
    text = json_schema.render()
    if options.check:
        if writer.is_right(path, text):
            return command.OK
        sys.stderr.write(f"pcgen: {path} is not up to date; run pcgen schema --out {path}\n")
        return command.FAILED
    if options.out is None:
        print(text, end="")
    else:
        writer.write_if_changed(path, text)
    return command.OK


COMMAND = command.Command("schema", "write the YAML language as JSON Schema, for editors",
                          "pcgen schema --out build/portcullis.schema.json", _arguments, _run)
