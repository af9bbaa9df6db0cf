"""`pcgen missing`: finds the handlers that are not there, and what it shows is good C."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import INCLUDE, ROOT, WARNINGS, need, pcgen, protocol_inputs, run

from pcgen import pipeline


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("generated")
    assert pcgen("gen", "--out", folder, *protocol_inputs()).returncode == 0
    return folder


@pytest.mark.parametrize(("role", "folder"), [
    ("gate", "gate"), ("game", "game"), ("db", "db"), ("client", "bots")])
def test_our_own_servers_miss_nothing(role: str, folder: str) -> None:
    result = pcgen("missing", "--role", role, "--sources", ROOT / "servers" / folder)
    assert (result.returncode, result.stdout) == (0, "")
    assert f"{role} has a handler for each of its packets" in result.stderr


def handled_by(role_name: str) -> set[str]:
    """What the linker would ask for."""
    program = pipeline.compile_files(protocol_inputs()).program
    assert program is not None
    role = next(role for role in program.roles if role.name == role_name)
    answers = {call.reply.id for call in role.calls}
    return {f"{entry.packet.protocol}_{entry.packet.name}" for table in role.accepts
            for entry in table.entries if entry.handled and entry.packet.id not in answers}


@pytest.mark.parametrize("role", ["gate", "game", "db", "client"])
def test_what_is_shown_compiles_and_registers_everything(generated: Path, tmp_path: Path,
                                                         role: str) -> None:
    shown = pcgen("missing", "--role", role, "--sources", tmp_path)
    listed = pcgen("missing", "--role", role, "--sources", tmp_path, "--list")
    assert set(listed.stdout.split()) == handled_by(role)
    path = tmp_path / "handlers.c"
    path.write_text(shown.stdout)
    for compiler in ("gcc", "clang"):
        result = run(need(compiler), "-std=c11", *WARNINGS, f"-I{INCLUDE}", f"-I{generated}", "-c",
                     path, "-o", tmp_path / "handlers.o")
        assert result.returncode == 0, result.stderr
    style = f"--style=file:{ROOT / '.clang-format'}"
    assert run(need("clang-format"), style, "--dry-run", "-Werror", path).returncode == 0
    again = pcgen("missing", "--role", role, "--sources", tmp_path)
    assert again.stdout == ""


def test_a_request_is_answered_with_its_correlation(tmp_path: Path) -> None:
    shown = pcgen("missing", "--role", "db", "--sources", tmp_path).stdout
    assert "(void)db_answer_db_authenticate(session, packet->correlation, &reply);" in shown
    assert '#include "proto/db_calls.h"' in shown


def test_a_handler_in_a_comment_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.c").write_text("/* REGISTER_HANDLER(db_authenticate, f); */\n"
                                  "// REGISTER_HANDLER(db_account_create, f);\n"
                                  "REGISTER_HANDLER( db_character_load , f);\n")
    listed = pcgen("missing", "--role", "db", "--sources", tmp_path, "--list").stdout.split()
    assert {"db_authenticate", "db_account_create"} <= set(listed)
    assert "db_character_load" not in listed


def test_write_makes_one_file_each_and_overwrites_none(tmp_path: Path) -> None:
    mine = tmp_path / "handlers" / "on_authenticate.c"
    mine.parent.mkdir()
    mine.write_text("mine\n")
    result = pcgen("missing", "--role", "db", "--sources", tmp_path, "--write")
    assert result.returncode == 1 and "on_authenticate.c is there already" in result.stderr
    assert mine.read_text() == "mine\n"
    written = {path.name for path in mine.parent.iterdir()}
    assert {"on_account_create.c", "on_character_load.c", "on_ping.c"} <= written
    listed = pcgen("missing", "--role", "db", "--sources", tmp_path, "--list")
    assert listed.stdout == "db_authenticate\n"


FILE = """protocol: {name}
version: 1
{head}
flows:
  - {{flow: client -> gate, ids: {first}-{last}}}
packets:
  ping: {{id: {first}, flow: client -> gate, fields: []}}
  {name}_alone: {{id: {last}, flow: client -> gate, fields: []}}
"""


def test_two_packets_of_one_name_get_names_of_their_own(tmp_path: Path) -> None:
    for name, first, head in (("one", 1, "roles: [client, gate]"),
                              ("two", 3, "import: [one.yaml]")):
        (tmp_path / f"{name}.yaml").write_text(
            FILE.format(name=name, first=first, last=first + 1, head=head))
    shown = pcgen("missing", "--role", "gate", "--sources", tmp_path, tmp_path / "one.yaml",
                  tmp_path / "two.yaml").stdout
    for function in ("on_one_ping", "on_two_ping", "on_one_alone", "on_two_alone"):
        assert shown.count(f"static void {function}(") == 1, function


@pytest.mark.parametrize(("words", "said"), [
    (("--role", "gat"), "did you mean `gate`"),
    (("--role", "gate", "--sources", "nowhere"), "is no folder"),
])
def test_wrong_usage_is_explained(words: tuple[str, ...], said: str) -> None:
    result = pcgen("missing", *words)
    assert result.returncode == 2
    assert said in result.stderr
