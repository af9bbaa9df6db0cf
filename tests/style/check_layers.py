"""Checks who includes whom; prints each finding as file:line: text. Exit status 1 if there are.

check_layers.py [GENERATED_FOLDER...]    the tree, and generated code in the folders
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import layers
from source import Finding, Source, load


def generated(folders: list[Path]) -> list[Source]:
    """The generated C files below the folders."""
    return [
        Source(str(path), path.read_text(encoding="utf-8"))
        for folder in folders
        for path in sorted(folder.rglob("*.[ch]"))
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description="Check the direction of includes.")
    parser.add_argument("generated", nargs="*", type=Path, help="folders of generated code")
    options = parser.parse_args()
    sources = load()
    made = generated(options.generated)
    findings: list[Finding] = list(layers.check(sources))
    for source in made:
        findings.extend(layers.check_generated(source))
    for finding in sorted(set(findings)):
        print(finding)
    print(f"check_layers: {len(sources) + len(made)} files, {len(set(findings))} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
