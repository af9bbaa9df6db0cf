"""Runs of the test client `bots`."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from harness import PATIENCE, Unexpected, command, run


def bots_story(gate: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """One session in full, each step printed."""
    return run("bots", "--gate", gate, *arguments)


class BotRun:
    """Many sessions at once, in the background until `finish`."""

    def __init__(self, gate: str, clients: int, seconds: int, *arguments: str) -> None:
        self.seconds = seconds
        self._process = subprocess.Popen(
            command(
                "bots", "--gate", gate, "--json",
                "--clients", str(clients), "--seconds", str(seconds), *arguments,
            ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
        )

    def finish(self, timeout: float | None = None) -> dict[str, Any]:
        """Wait for the end; the summary. Any error of any bot fails the test."""
        limit = self.seconds + 3 * PATIENCE if timeout is None else timeout
        try:
            output, errors = self._process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            self._process.kill()
            output, errors = self._process.communicate()
            text = f"bots did not end within {limit:.0f} s\n{output}\n{errors}"
            raise Unexpected(text) from None
        if self._process.returncode != 0:
            raise Unexpected(f"bots ended with {self._process.returncode}\n{output}\n{errors}")
        summary: dict[str, Any] = json.loads(output)
        assert summary["error_count"] == 0
        assert summary["completed"] == summary["clients"]
        return summary

    def is_running(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()
