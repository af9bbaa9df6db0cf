"""Captures what servers say to each other on loopback, and reads it with the dissector.

Capturing needs the right to: root, or a user of the group wireshark. Where it is missing the test
fails and says so; the dissector's own tests (tests/codegen/test_wireshark.py) need no rights.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from harness import PATIENCE, ROOT, Unexpected, wait_until


def _tool(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise Unexpected(f"{name} is not installed; run ./scripts/setup")
    return path


class Capture:
    """Writes what goes to and from these ports into a file, from entering to leaving."""

    def __init__(self, folder: Path, ports: Iterable[int]) -> None:
        self.path = folder / "traffic.pcapng"
        self._log = folder / "dumpcap.log"
        self._filter = " or ".join(f"tcp port {port}" for port in ports)

    def __enter__(self) -> Capture:
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [_tool("dumpcap"), "-i", "lo", "-f", self._filter, "-w", str(self.path)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + PATIENCE
        while "File: " not in self._said():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self._process.kill()
                raise Unexpected(
                    "this machine does not let this user capture on loopback (run as root, or "
                    f"dpkg-reconfigure wireshark-common and join its group):\n{self._said()}")
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        """What was sent just now takes a moment to get into the file."""
        wait_until(self._is_quiet, "the capture to have everything")
        self._process.send_signal(signal.SIGINT)
        self._process.wait(timeout=PATIENCE)

    def _is_quiet(self) -> bool:
        before = self._size()
        time.sleep(1.0)
        return before == self._size()

    def _size(self) -> int:
        return os.path.getsize(self.path) if self.path.exists() else 0

    def _said(self) -> str:
        return self._log.read_text(errors="replace")


def make_dissector(folder: Path) -> Path:
    """That of the real protocol."""
    path = folder / "portcullis.lua"
    subprocess.run(
        [sys.executable, "-B", str(ROOT / "codegen" / "pcgen_main.py"), "wireshark", "--out",
         str(path), *(str(source) for source in sorted((ROOT / "protocol").glob("*.yaml")))],
        check=True)
    return path


def tshark(capture: Path, dissector: Path, *options: str) -> str:
    """What tshark prints of a capture."""
    result = subprocess.run(
        [_tool("tshark"), "-r", str(capture), "-X", f"lua_script:{dissector}", *options],
        capture_output=True, encoding="utf-8", errors="replace", check=False)
    if result.returncode != 0 or "Lua" in result.stderr or "Lua Error" in result.stdout:
        raise Unexpected(f"tshark: {result.stderr}\n{result.stdout[-2000:]}")
    return result.stdout
