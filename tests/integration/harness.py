"""Starts and stops the real servers and reads their logs.

A `Cluster` is one folder with a key, a database and the ini files of db, game and gate. Every
server is a process of its own; its log is read by a thread, so that a test can wait for an event.
Every wait has a limit, and only processes that were started here are ever ended, by their own
handle.

PORTCULLIS_BIN_DIR   the build tree whose servers/<name>/<name>[.exe] are run
PORTCULLIS_RUNNER    a program that runs them (scripts/wine); empty: they run by themselves
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[2]
BIN_DIR = Path(os.environ.get("PORTCULLIS_BIN_DIR", str(ROOT / "build" / "dev")))
RUNNER = shlex.split(os.environ.get("PORTCULLIS_RUNNER", ""))
IS_WINE = bool(RUNNER)
# A sanitizer makes everything slower, Wine makes starting slower.
PATIENCE = float(os.environ.get("PORTCULLIS_PATIENCE_S", "60" if IS_WINE else "20"))

# Wine cannot hand a signal to a Windows program; there the end of standard input stops a server.
STOP_OPTION = ("--stop-on-stdin-close",) if IS_WINE else ()

Config = dict[str, dict[str, object]]


class Unexpected(AssertionError):
    """A server did not do what the test needs; the text says what came instead."""


def wait_until(
    condition: Callable[[], object], what: str, timeout: float = PATIENCE, pause: float = 0.02
) -> None:
    """Wait for a condition; fail by name when the time is over."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise Unexpected(f"not within {timeout:.0f} s: {what}")
        time.sleep(pause)


def binary(name: str) -> Path:
    """The path of a server's program."""
    suffix = ".exe" if IS_WINE else ""
    return BIN_DIR / "servers" / name / (name + suffix)


def command(name: str, *arguments: str) -> list[str]:
    """The command line that runs a server's program."""
    return [*RUNNER, str(binary(name)), *arguments]


class Background:
    """A program that runs to its own end.

    What it says goes to files and not to pipes: the end of a pipe would be waited for, and Wine's
    helpers, which inherit it, live longer than the program."""

    def __init__(self, name: str, *arguments: str) -> None:
        self._output = tempfile.TemporaryFile()
        self._errors = tempfile.TemporaryFile()
        self._name = name
        self._process = subprocess.Popen(
            command(name, *arguments),
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._errors,
        )

    def is_running(self) -> bool:
        return self._process.poll() is None

    def finish(self, timeout: float) -> subprocess.CompletedProcess[str]:
        """Wait for the end. A program that takes too long is ended and fails the test."""
        is_late = False
        try:
            self._process.wait(timeout=timeout)
        except subprocess.TimeoutExpired:
            is_late = True
            self._process.kill()
            self._process.wait(timeout=PATIENCE)
        ended = subprocess.CompletedProcess(
            self._process.args,
            self._process.returncode,
            read_all(self._output),
            read_all(self._errors),
        )
        if is_late:
            text = f"{self._name} did not end within {timeout:.0f} s"
            raise Unexpected(f"{text}\n{ended.stdout}\n{ended.stderr}")
        return ended

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(timeout=PATIENCE)


def read_all(file: IO[bytes]) -> str:
    file.seek(0)
    with file:
        return file.read().decode("utf-8", errors="replace").replace("\r\n", "\n")


def run(name: str, *arguments: str, timeout: float = PATIENCE) -> subprocess.CompletedProcess[str]:
    """Run a program to its end.

    A program of ours that fails says why. One that fails under Wine without a word has not been
    started: Wine has lost its own server. That is tried once more, and told."""
    ended = Background(name, *arguments).finish(timeout)
    if IS_WINE and ended.returncode != 0 and not ended.stdout and not ended.stderr:
        print(f"harness: Wine did not start {name}, status {ended.returncode}; once more")
        ended = Background(name, *arguments).finish(timeout)
    return ended


@dataclass(frozen=True)
class Event:
    """One line of a log."""

    time: str
    level: str
    server: str
    name: str
    fields: dict[str, str]
    line: str

    def get(self, key: str) -> str:
        return self.fields.get(key, "")


TEXT_LINE = re.compile(
    r"(?P<time>\S+Z) (?P<level>debug|info|warning|error) (?P<server>\w+) (?P<rest>.*)"
)
TEXT_FIELD = re.compile(r'([a-z0-9_]+)=("(?:[^"\\]|\\.)*"|[^\s"]*)(?: |$)')


def parse_text(line: str) -> Event | None:
    """Parse a line of the format `text`; None if it is none."""
    match = TEXT_LINE.fullmatch(line)
    if match is None:
        return None
    rest = match["rest"]
    fields: dict[str, str] = {}
    position = 0
    while position < len(rest):
        part = TEXT_FIELD.match(rest, position)
        if part is None:
            return None
        value = part[2]
        fields[part[1]] = str(json.loads(value)) if value.startswith('"') else value
        position = part.end()
    name = fields.pop("event", "")
    if not name:
        return None
    return Event(match["time"], match["level"], match["server"], name, fields, line)


def parse_json(line: str) -> Event | None:
    """Parse a line of the format `json`; None if it is none."""
    try:
        values = json.loads(line)
    except ValueError:
        return None
    if not isinstance(values, dict) or not {"time", "level", "server", "event"} <= values.keys():
        return None
    texts = {
        key: ("true" if value else "false") if isinstance(value, bool) else str(value)
        for key, value in values.items()
    }
    return Event(
        texts.pop("time"),
        texts.pop("level"),
        texts.pop("server"),
        texts.pop("event"),
        texts,
        line,
    )


def parse_line(line: str) -> Event | None:
    """Parse a line of either format."""
    return parse_json(line) if line.startswith("{") else parse_text(line)


class LogReader:
    """Collects the lines that a process writes on its standard error."""

    def __init__(self, stream: Iterable[str]) -> None:
        self.lines: list[str] = []
        self._stream = stream
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        for line in self._stream:
            self.lines.append(line.rstrip("\r\n"))

    def finish(self) -> None:
        """The process has ended: take in what it has still written. The pipe need not end with it,
        because Wine's own helpers may have inherited it; then a moment of silence is the end."""
        deadline = time.monotonic() + PATIENCE
        while self._thread.is_alive() and time.monotonic() < deadline:
            count = len(self.lines)
            self._thread.join(timeout=0.2)
            if IS_WINE and len(self.lines) == count:
                return

    def events(self) -> list[Event]:
        parsed = (parse_line(line) for line in list(self.lines))
        return [event for event in parsed if event is not None]


def matches(event: Event, name: str, fields: dict[str, object]) -> bool:
    return event.name == name and all(event.get(key) == str(value) for key, value in fields.items())


class Server:
    """One server process."""

    def __init__(
        self,
        name: str,
        folder: Path,
        ini: Path,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        descriptors_max: int | None = None,
    ) -> None:
        self.name = name
        self.stopped_with: int | None = None
        self._log_path = folder / f"{name}.log"
        words = command(name, "--config", str(ini), *STOP_OPTION, *arguments)
        if descriptors_max is not None:  # the hard limit too
            words = ["sh", "-c", f'ulimit -n {descriptors_max} && exec "$0" "$@"', *words]
        self.process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE if IS_WINE else subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            cwd=folder,
            env={**os.environ, **(environment or {})},
        )
        assert self.process.stderr is not None
        self.log = LogReader(self.process.stderr)

    def events(
        self, name: str, wanted: Mapping[str, object] | None = None, **fields: object
    ) -> list[Event]:
        """The events of a name with the fields, which stand in a mapping or as keywords."""
        fields.update(wanted or {})
        return [event for event in self.log.events() if matches(event, name, fields)]

    def wait_event(
        self,
        name: str,
        wanted: Mapping[str, object] | None = None,
        *,
        count: int = 1,
        timeout: float = PATIENCE,
        **fields: object,
    ) -> Event:
        """Wait until the log holds `count` events of the name with the fields; return the last."""
        deadline = time.monotonic() + timeout
        fields.update(wanted or {})
        while True:
            found = self.events(name, fields)
            if len(found) >= count:
                return found[-1]
            what = f"event {name} {fields} x {count}"
            if not self.is_running():
                self.log.finish()
                found = self.events(name, fields)
                if len(found) >= count:
                    return found[-1]
                status = self.process.returncode
                raise Unexpected(f"{self.name} ended with {status} before {what}\n{self.tail()}")
            if time.monotonic() > deadline:
                raise Unexpected(f"{self.name}: no {what} within {timeout:.0f} s\n{self.tail()}")
            time.sleep(0.02)

    def address(self, type_name: str) -> tuple[str, int]:
        """The address that the listener of a session type is bound to."""
        text = self.wait_event("listening", type=type_name).get("address")
        host, _, port = text.rpartition(":")
        return host.strip("[]"), int(port)

    def is_running(self) -> bool:
        return self.process.poll() is None

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self.process.kill()
        self.process.wait(timeout=PATIENCE)
        self.stopped_with = self.process.returncode
        self.log.finish()

    def ask_to_stop(self) -> None:
        """SIGTERM; under Wine, which has none for its processes, the end of standard input."""
        if IS_WINE:
            assert self.process.stdin is not None
            self.process.stdin.close()
        else:
            self.process.terminate()

    def stop(self, timeout: float = PATIENCE) -> int:
        """Stop in order; the exit status."""
        if self.stopped_with is None:
            if self.process.poll() is None:
                self.ask_to_stop()
            try:
                self.stopped_with = self.process.wait(timeout=timeout)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(timeout=PATIENCE)
                text = f"{self.name} did not stop within {timeout:.0f} s\n{self.tail()}"
                raise Unexpected(text) from None
            self.log.finish()
        return self.stopped_with

    def tail(self, count: int = 40) -> str:
        return "\n".join(self.log.lines[-count:])

    def save_log(self) -> None:
        """Keep the log in the folder, behind those of the same server's earlier processes."""
        with self._log_path.open("a", encoding="utf-8") as file:
            file.write("\n".join(self.log.lines) + "\n")
