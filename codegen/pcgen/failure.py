"""What ends a command that cannot go on."""

from __future__ import annotations


class Failure(Exception):
    """What the person is told, on one line; `cli` says it, and the exit status is 1."""
