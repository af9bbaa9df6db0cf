"""Identifiers: names that are distinct in the YAML must still be so in every output language."""

from __future__ import annotations

from pcgen.passes.context import Context


def run(context: Context) -> None:
    """Check the whole program."""
