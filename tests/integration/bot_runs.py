"""Runs of the test client `bots`."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from harness import IS_WINE, PATIENCE, Background, Unexpected, run


def bots_story(gate: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """One session in full, each step printed."""
    return run("bots", "--gate", gate, *arguments)


class BotRun:
    """Many sessions at once, in the background until `finish`."""

    def __init__(self, gate: str, clients: int, seconds: int, *arguments: str) -> None:
        self._seconds = seconds
        counts = ("--clients", str(clients), "--seconds", str(seconds))
        self._program = Background("bots", "--gate", gate, "--json", *counts, *arguments)

    def finish(self, timeout: float | None = None, silent: int = 0) -> dict[str, Any]:
        """Wait for the end; the summary. Any error of any bot fails the test, and so do more
        connections than expected that ended without a word. Wine loses a word now and then."""
        limit = self._seconds + 3 * PATIENCE if timeout is None else timeout
        ended = self._program.finish(limit)
        if ended.returncode != 0:
            text = f"bots ended with {ended.returncode}"
            raise Unexpected(f"{text}\n{ended.stdout}\n{ended.stderr}")
        summary: dict[str, Any] = json.loads(ended.stdout)
        assert summary["error_count"] == 0
        assert summary["completed"] == summary["clients"]
        assert summary["connections_silent"] == silent or IS_WINE
        return summary

    def kill(self) -> None:
        self._program.kill()
