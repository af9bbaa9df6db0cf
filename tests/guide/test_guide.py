"""The server of docs/SERVER_GUIDE.md does what the guide says, and is the one in the guide."""

from __future__ import annotations

import os
import re
import shlex
import socket
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import echo
import pytest

FOLDER = Path(__file__).resolve().parent
GUIDE = FOLDER.parents[1] / "docs" / "SERVER_GUIDE.md"
RUNNER = shlex.split(os.environ.get("PORTCULLIS_RUNNER", ""))
WAIT_S = 20.0


class Running:
    """The server, and connections to it."""

    def __init__(self) -> None:
        command = [*RUNNER, os.environ["GUIDE_SERVER"], "127.0.0.1:0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.output = self.process.stdout
        self.port = int(self.output.readline().removeprefix("port "))

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=WAIT_S)


@pytest.fixture
def server() -> Iterator[Running]:
    running = Running()
    yield running
    if RUNNER:  # Wine has no signal for a Windows program
        running.process.kill()
        running.process.wait(timeout=WAIT_S)
    else:
        running.process.terminate()
        assert running.process.wait(timeout=WAIT_S) == 0


def receive(connection: socket.socket) -> Any:
    data = b""
    while len(data) < 4 or len(data) < struct.unpack_from("<H", data)[0]:
        piece = connection.recv(4096)
        if not piece:
            raise EOFError
        data += piece
    return echo.decode_frame(data)


def test_server_of_the_guide_says_what_it_hears(server: Running) -> None:
    with server.connect() as connection:
        connection.sendall(echo.Introduce(name="Ada").encode() + echo.Say(text="hello").encode())
        assert receive(connection) == echo.Heard(name="Ada", text="hello")


def test_server_of_the_guide_refuses_who_has_no_name(server: Running) -> None:
    with server.connect() as connection:
        connection.sendall(echo.Say(text="hello").encode())
        with pytest.raises((EOFError, ConnectionError)):
            receive(connection)
    assert server.output.readline().strip() == "closed violation"


@pytest.mark.parametrize("name", ["echo.yaml", "echo_server.c"])
def test_guide_shows_the_file_as_it_is(name: str) -> None:
    blocks = re.findall(r"^```\w+\n(.*?)^```$", GUIDE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    assert (FOLDER / name).read_text("utf-8") in blocks
