"""What a server says about a configuration it cannot use, and the files it needs."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

import pytest
from cluster import Cluster, write_ini
from harness import IS_WINE, ROOT, Config, Server, parse_line, run

SERVERS = ["db", "game", "gate"]
each_server = pytest.mark.parametrize("name", SERVERS)


def start_with(name: str, folder: Path, text: str) -> str:
    """Start with an ini file that must be refused; what was said."""
    ini = folder / "bad.ini"
    ini.write_text(text, encoding="utf-8")
    ended = run(name, "--config", str(ini))
    assert ended.returncode == 2, ended.stderr
    return ended.stderr


@each_server
def test_unknown_key_is_named_with_its_line(folder: Path, name: str) -> None:
    text = start_with(name, folder, "[server]\ndrain_ms = 1\ndrain = 2\n")
    assert "bad.ini:3" in text
    assert '"drain"' in text
    assert "drain_ms" in text


@each_server
def test_unknown_section_is_named_with_its_line(folder: Path, name: str) -> None:
    text = start_with(name, folder, "[sever]\ndrain_ms = 1\n")
    assert "bad.ini:" in text
    assert "sever" in text


@each_server
def test_section_without_keys_is_looked_at(folder: Path, name: str) -> None:
    text = start_with(name, folder, "[server]\n[servre]\n")
    assert text == f"{folder / 'bad.ini'}:2: unknown section [servre]; did you mean [server]?\n"


def test_all_keys_of_the_largest_section_are_listed(folder: Path) -> None:
    text = start_with("gate", folder, "[clients]\nzzzzzzzzzz = 1\n")
    shipped = (ROOT / "servers" / "gate" / "gate.ini").read_text(encoding="utf-8")
    section = shipped.split("[clients]")[1].split("\n[")[0]
    names = [line[1:].split(" ")[0] for line in section.splitlines() if line.startswith(";")]
    assert text.rstrip().endswith("; allowed: " + ", ".join(names))


def test_keys_that_bound_each_other_are_compared(folder: Path) -> None:
    ini = folder / "bad.ini"
    text = start_with(
        "gate",
        folder,
        "[link]\nretry_min_ms = 500\nretry_max_ms = 400\nheartbeat_ms = 1501\n"
        "[game]\nsend_bytes_max = 65536\n"
        "[clients]\nsend_bytes_max = 8192\nsend_bytes_soft = 8192\nretry_after_ms = 499\n",
    )
    assert sorted(text.splitlines()) == [
        f'{ini}:10: key "retry_after_ms": 499 is out of range; allowed: 500..600000 ms',
        f'{ini}:2: key "retry_min_ms": 500 is above retry_max_ms, which is 400 ({ini}:3)',
        f'{ini}:4: key "heartbeat_ms": 1501 is above half of idle_timeout_ms, '
        "which is 3000 (default)",
        f'{ini}:9: key "send_bytes_soft": 8192 is above half of send_bytes_max, '
        f"which is 8192 ({ini}:8)",
        'default: key "send_bytes_soft": 4194304 is above half of send_bytes_max, '
        f"which is 65536 ({ini}:6)",
    ]


@each_server
def test_engine_of_another_system_is_refused(folder: Path, name: str) -> None:
    other, own = ("epoll", "iocp") if IS_WINE else ("iocp", "uring, epoll")
    text = start_with(name, folder, f"[server]\nengine = {other}\n[log]\nlevel = loud\n")
    assert (
        f'bad.ini:2: key "engine": "{other}" is an engine of other systems; allowed: auto, {own}\n'
        in text
    )
    assert "bad.ini:4" in text


@each_server
def test_congestion_that_the_system_has_not_is_refused(folder: Path, name: str) -> None:
    text = start_with(name, folder, "[server]\ncongestion = renault\n[log]\nlevel = loud\n")
    where = f'{folder / "bad.ini"}:2: key "congestion": '
    what = '"renault" is no congestion control of this system; allowed: '
    [said] = [line for line in text.splitlines() if line.startswith(where)]
    assert said.startswith(where + what)
    allowed = said.removeprefix(where + what).split(", ")
    assert allowed == ["system"] if IS_WINE else {"system", "reno"} <= set(allowed)
    assert "bad.ini:4" in text


@each_server
def test_bad_number_says_what_is_allowed(folder: Path, name: str) -> None:
    text = start_with(name, folder, "[server]\n\ndrain_ms = many\n")
    assert "bad.ini:3" in text
    assert "many" in text
    assert "600000" in text


@each_server
def test_bad_word_lists_the_words(folder: Path, name: str) -> None:
    text = start_with(name, folder, "[log]\nlevel = loud\n")
    assert "bad.ini:2" in text
    for word in ("loud", "debug", "info", "warning", "error"):
        assert word in text


@each_server
def test_all_errors_are_said_at_once(folder: Path, name: str) -> None:
    ini = "[server]\ndrain_ms = 0x\nengine = steam\n[log]\nformat = xml\n"
    text = start_with(name, folder, ini)
    for line in (2, 3, 5):
        assert f"bad.ini:{line}" in text


@each_server
def test_key_given_twice_is_an_error(folder: Path, name: str) -> None:
    text = start_with(name, folder, "[server]\ndrain_ms = 1\ndrain_ms = 2\n")
    assert "bad.ini:3" in text


@each_server
def test_missing_config_file_is_named(folder: Path, name: str) -> None:
    ended = run(name, "--config", str(folder / "nowhere.ini"))
    assert ended.returncode == 2
    assert "nowhere.ini" in ended.stderr


@each_server
def test_printed_config_is_a_config(folder: Path, name: str) -> None:
    printed = run(name, "--print-config")
    assert printed.returncode == 0
    lines = [
        line.removeprefix(";") if "=" in line and line.startswith(";") else line
        for line in printed.stdout.splitlines()
    ]
    ini = folder / "printed.ini"
    ini.write_text("\n".join([*lines, "[log]", "level = loud"]), encoding="utf-8")
    ended = run(name, "--config", str(ini))
    assert ended.returncode == 2
    errors = [line for line in ended.stderr.splitlines() if "printed.ini:" in line]
    assert len(errors) == 1, ended.stderr


@each_server
def test_unknown_option_is_named(name: str) -> None:
    ended = run(name, "--quickly")
    assert ended.returncode == 2
    assert "--quickly" in ended.stderr


@each_server
def test_missing_key_file_is_named(folder: Path, name: str) -> None:
    key = folder / "missing.key"
    ended = run(name, "--set", f"link.key_file={key}")
    assert ended.returncode == 1
    assert "missing.key" in ended.stderr
    assert "key_refused" in ended.stderr


@each_server
def test_malformed_key_file_is_refused(folder: Path, name: str) -> None:
    key = folder / "bad.key"
    key.write_text("not a key", encoding="ascii")
    key.chmod(0o600)
    ended = run(name, "--set", f"link.key_file={key}")
    assert ended.returncode == 1
    assert "key_refused" in ended.stderr


@pytest.mark.native
def test_key_that_others_may_read_is_refused(folder: Path) -> None:
    key = folder / "open.key"
    assert run("gate", "--make-key", str(key)).returncode == 0
    assert key.stat().st_mode & 0o777 == 0o600
    key.chmod(0o644)
    ended = run("gate", "--set", f"link.key_file={key}")
    assert ended.returncode == 1
    assert "key_refused" in ended.stderr


def test_existing_key_is_left_alone(folder: Path) -> None:
    key = folder / "mine.key"
    assert run("gate", "--make-key", str(key)).returncode == 0
    content = key.read_bytes()
    again = run("gate", "--make-key", str(key))
    assert again.returncode == 1
    assert "mine.key" in again.stderr
    assert key.read_bytes() == content


def test_paths_are_utf8(folder: Path) -> None:
    """Those of the command line and those of an ini file."""
    own = folder / "한국어 ключ"
    own.mkdir()
    key, ini, database = own / "열쇠.key", own / "설정.ini", own / "계정.db"
    assert run("db", "--make-key", str(key)).returncode == 0
    assert key.exists()
    write_ini(ini, {
        "listen": {"gates": "127.0.0.1:0", "games": "127.0.0.1:0"},
        "link": {"key_file": key},
    })
    db = Server("db", folder, ini, "--set", f"database.path={database}")
    try:
        db.wait_event("started")
        assert database.exists()
    finally:
        assert db.stop() == 0, db.tail()


def test_two_keys_differ(folder: Path) -> None:
    for name in ("one.key", "two.key"):
        assert run("gate", "--make-key", str(folder / name)).returncode == 0
    assert (folder / "one.key").read_bytes() != (folder / "two.key").read_bytes()


def test_port_of_the_systems_choice_is_said(folder: Path) -> None:
    cluster = Cluster(folder)
    cluster.configs["gate"]["clients"]["listen"] = "127.0.0.1:0"
    with cluster:
        cluster.start("gate")
        assert cluster.gate_address[1] > 0
        with cluster.client() as client:
            client.hello()


def test_busy_port_is_named(folder: Path) -> None:
    cluster = Cluster(folder)
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        ended = run(
            "gate",
            "--set", f"link.key_file={folder / 'portcullis.key'}",
            "--set", f"clients.listen=127.0.0.1:{port}",
        )
    assert ended.returncode == 1
    assert f"127.0.0.1:{port}" in ended.stderr
    assert "address_in_use" in ended.stderr
    names = [event.name for event in map(parse_line, ended.stderr.splitlines()) if event]
    assert names == ["listen_retry", "listen_failed"]
    assert os.path.exists(cluster.folder / "portcullis.key")


def test_port_that_becomes_free_is_taken(folder: Path) -> None:
    holder = socket.create_server(("127.0.0.1", 0))
    port = holder.getsockname()[1]
    gate: Config = {
        "clients": {"listen": f"127.0.0.1:{port}"},
        "server": {"workers": 1, "listen_retry_ms": 60000},
    }
    with holder, Cluster(folder, gate=gate) as cluster:
        threading.Timer(0.3, holder.close).start()
        cluster.start("gate")
        cluster["gate"].wait_event("listen_retry", status="address_in_use", retry_ms=60000)
        assert cluster.gate_address[1] == port


@each_server
def test_shipped_file_has_every_key_at_its_default(name: str) -> None:
    shipped = (ROOT / "servers" / name / f"{name}.ini").read_text(encoding="utf-8")
    assert run(name, "--print-config").stdout.splitlines() == shipped.splitlines()
