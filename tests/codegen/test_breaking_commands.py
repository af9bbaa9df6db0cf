"""The commands that compare: breaking, release and diff, and what they compare with."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from support import FLOWS, ROOT, golden_inputs, pcgen, protocol_inputs

ONE = (FLOWS.replace("version: 1", "version: 2")
       + "packets:\n  ask: {id: 1, flow: client -> gate, fields: [%s]}\n")

# ---- what is compared with ----


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@t", *words], cwd=folder,
                   check=True, capture_output=True)


def commit(folder: Path) -> None:
    """A repository with all that is there."""
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "one")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """protocol/ with its lock files, under git."""
    folder = tmp_path / "home"
    shutil.copytree(ROOT / "protocol", folder / "protocol")
    commit(folder)
    return folder


def yaml_of(home: Path) -> list[Path]:
    return sorted((home / "protocol").glob("*.yaml"))


def refusal(home: Path, against: str, *paths: Path) -> str:
    """What `breaking` says when it compares nothing."""
    result = pcgen("breaking", "--against", against, *(paths or yaml_of(home)), cwd=home)
    assert result.returncode == 1 and result.stdout == "" and "Traceback" not in result.stderr
    assert result.stderr.startswith("pcgen: ") and result.stderr.count("\n") == 1
    return result.stderr


def test_folder_without_lock_files_is_not_compared_with(home: Path, tmp_path: Path) -> None:
    assert f"no lock files (*.lock.json) in `{tmp_path}`" in refusal(home, str(tmp_path))
    assert "did you mean `protocol/released`?" in refusal(home, "protocol")
    (tmp_path / "x.yaml").write_text(ONE % "a: u8")
    result = pcgen("breaking", tmp_path / "x.yaml")
    assert result.returncode == 1 and "`pcgen release` makes them" in result.stderr


def test_name_of_a_folder_and_a_revision_is_refused(home: Path) -> None:
    (home / "locks").mkdir()
    for lock in (home / "protocol" / "released").iterdir():
        shutil.copy(lock, home / "locks")
    git(home, "branch", "locks")
    said = refusal(home, "locks")
    assert "a folder and a revision" in said and "`./locks`" in said
    for name in ("./locks", "refs/heads/locks"):
        result = pcgen("breaking", "--against", name, *yaml_of(home), cwd=home)
        assert result.stdout == "nothing breaks\n", result.stderr


def test_lock_files_of_other_protocols_are_not_compared_with(home: Path, tmp_path: Path) -> None:
    for name in ("x", "y"):
        (tmp_path / f"{name}.yaml").write_text(f"protocol: {name}\nversion: 1\n")
    said = refusal(home, "protocol/released", tmp_path / "x.yaml")
    assert "has none of the protocols of these files; it has `client`" in said


def test_files_of_two_repositories_are_not_compared(home: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "x.yaml").write_text("protocol: x\nversion: 1\n")
    commit(tmp_path / "other")
    paths = [*yaml_of(home), tmp_path / "other" / "x.yaml"]
    assert "several repositories" in refusal(home, "HEAD", *paths)


@pytest.mark.parametrize("against", ["protocol/released", "HEAD"])
def test_protocols_of_files_that_are_not_named_are_not_missed(home: Path, against: str) -> None:
    for path in yaml_of(home):
        result = pcgen("breaking", "--strict", "--against", against, path, cwd=home)
        assert result.stdout == "nothing breaks\n", result.stderr
    types = home / "protocol" / "types.yaml"
    assert pcgen("release", types).returncode == 0


@pytest.mark.parametrize("against", ["protocol/released", "HEAD"])
def test_protocol_that_is_gone_is_missed(home: Path, against: str) -> None:
    """In its file, if that was named; else if whole folders were read."""
    database = home / "protocol" / "db.yaml"
    database.write_text(database.read_text().replace("protocol: db", "protocol: base"))
    result = pcgen("breaking", "--against", against, "protocol/db.yaml", cwd=home)
    assert re.search(r"^protocol/db.yaml:\d+:11: error PB100: .*`db` is gone", result.stderr, re.M)
    database.unlink()
    result = pcgen("breaking", "--against", against, "protocol/types.yaml", cwd=home)
    assert result.returncode == 0, result.stderr
    result = pcgen("breaking", "--against", against, *yaml_of(home), cwd=home)
    assert result.returncode == 1 and result.stderr.count("error PB100") == 1


def test_yaml_of_other_tools_is_left_alone(home: Path) -> None:
    (home / "protocol" / "docker.yaml").write_text("services: {db: {image: x}}\n")
    git(home, "add", ".")
    git(home, "commit", "-qm", "two")
    ours = [path for path in yaml_of(home) if path.name != "docker.yaml"]
    result = pcgen("breaking", "--against", "HEAD", *ours, cwd=home)
    assert result.stdout == "nothing breaks\n", result.stderr
    ours[0].unlink()
    result = pcgen("breaking", "--against", "HEAD", *ours[1:], cwd=home)
    assert "error PB100" in result.stderr


def test_file_that_was_not_there_wants_its_folder(home: Path) -> None:
    (home / "protocol" / "db.yaml").rename(home / "protocol" / "base.yaml")
    said = refusal(home, "HEAD", home / "protocol" / "base.yaml")
    assert "protocol/base.yaml was not there at HEAD" in said
    result = pcgen("breaking", "--against", "HEAD", *yaml_of(home), cwd=home)
    assert result.stdout == "nothing breaks\n", result.stderr


def test_what_tools_read_says_that_nothing_was_compared(home: Path) -> None:
    for command in ("breaking", "diff"):
        result = pcgen(command, "--against", "nope", "--format", "json", *yaml_of(home), cwd=home)
        assert result.returncode == 1 and result.stderr == ""
        [found] = json.loads(result.stdout)["findings"]
        assert (found["code"], found["severity"]) == ("PB001", "error")
        assert "`nope` is no lock file or folder" in found["message"]
    result = pcgen("breaking", "--against", "nope", "--format", "sarif", *yaml_of(home), cwd=home)
    assert json.loads(result.stdout)["runs"][0]["results"][0]["ruleId"] == "PB001"


@pytest.mark.parametrize("command", ["breaking", "release"])
def test_rule_that_is_none_cannot_be_allowed(command: str) -> None:
    for word in ("banana", "PB999", "PB001", ""):
        result = pcgen(command, "--allow", word, *protocol_inputs())
        assert result.returncode == 2 and f"`{word}` is no rule or class" in result.stderr
    result = pcgen(command, "--allow", "POLICI", *protocol_inputs())
    assert "did you mean `POLICY`?" in result.stderr


# ---- what is frozen stays ----


def test_released_version_is_not_written_anew(tmp_path: Path) -> None:
    main, lock = tmp_path / "main.yaml", tmp_path / "released" / "demo-2.lock.json"
    main.write_text(ONE % "a: u8")
    assert pcgen("release", main).returncode == 0
    before = lock.read_bytes()
    for text in (ONE % "a: u16", ONE % "b: u8", ONE % "a: {type: u8, deprecated: true}"):
        main.write_text(text)
        result = pcgen("release", "--allow", "WIRE", main)
        assert result.returncode == 1
        assert f"{main}:2:10: error PB002: version 2 of `demo` was released" in result.stderr
        assert result.stderr.endswith("nothing was released\n")
        assert lock.read_bytes() == before
    main.write_text((ONE % "a: u16").replace("version: 2", "version: 3"))
    assert pcgen("release", "--allow", "WIRE", main).returncode == 0
    assert lock.read_bytes() == before and lock.with_name("demo-3.lock.json").exists()


def test_the_same_is_released_again_under_another_file_name(tmp_path: Path) -> None:
    main = tmp_path / "main.yaml"
    main.write_text(ONE % "a: u8")
    assert pcgen("release", main).returncode == 0
    before = (tmp_path / "released" / "demo-2.lock.json").read_bytes()
    result = pcgen("release", main.rename(tmp_path / "other.yaml"))
    assert result.returncode == 0 and "as it was released" in result.stdout
    assert (tmp_path / "released" / "demo-2.lock.json").read_bytes() == before


# ---- the commands ----

V1 = ONE % "a: u8"


def test_release_freezes_and_breaking_compares(tmp_path: Path) -> None:
    main = tmp_path / "main.yaml"
    main.write_text(V1)
    made = pcgen("release", main)
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "released" / "demo-2.lock.json").exists()
    assert pcgen("breaking", main).stdout == "nothing breaks\n"
    assert "as it was released" in pcgen("release", main).stdout
    main.write_text(ONE % "a: u16")
    result = pcgen("breaking", main)
    assert result.returncode == 1
    assert f"{main}:7:47: error PB112: WIRE: `a` of `ask` is u16, and was released as u8" in (
        result.stderr)
    assert result.stderr.endswith("1 breaking change\n")
    assert pcgen("breaking", "--allow", "PB112", main).returncode == 0
    assert pcgen("breaking", "--allow", "wire", main).returncode == 0
    refused = pcgen("release", main)
    assert refused.returncode == 1 and "nothing was released" in refused.stderr
    assert '"type": "u8"' in (tmp_path / "released" / "demo-2.lock.json").read_text()


def test_protocol_breaks_nobody_who_has_the_release() -> None:
    """If it must: ./scripts/pcgen release --allow PB112 (or the rule that you mean to break)."""
    result = pcgen("breaking", "--against", ROOT / "protocol" / "released", *protocol_inputs())
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("readme", ["README.md", "README.ko.md"])
def test_packets_of_the_readme_break_nobody_and_have_no_warning(
    tmp_path: Path, readme: str
) -> None:
    """Its five steps end in the tests, which hold the protocol to both."""
    shutil.copytree(ROOT / "protocol", tmp_path / "protocol")
    text = (ROOT / readme).read_text(encoding="utf-8")
    example = text[text.index("```yaml\n") + len("```yaml\n") :].split("   ```", 1)[0]
    client = tmp_path / "protocol" / "gate_client.yaml"
    yaml = client.read_text(encoding="utf-8").replace("\nversion: 1\n", "\nversion: 2\n")
    added = re.sub("(?m)^   ", "", example)
    client.write_text(yaml.rstrip() + "\n" + added, encoding="utf-8")
    inputs = sorted((tmp_path / "protocol").glob("*.yaml"))
    for command in (["breaking", "--against", tmp_path / "protocol" / "released"], ["lint"]):
        result = pcgen(*command, *inputs)
        assert result.returncode == 0, result.stdout + result.stderr


def test_sources_alone_are_a_warning_unless_strict(tmp_path: Path) -> None:
    main = tmp_path / "main.yaml"
    main.write_text(V1)
    pcgen("release", main)
    main.write_text(ONE % "b: u8")
    result = pcgen("breaking", main)
    assert result.returncode == 0 and "warning PB302: SOURCE" in result.stderr
    assert pcgen("breaking", "--strict", main).returncode == 1
    found = json.loads(pcgen("breaking", "--format", "json", main).stdout)["findings"]
    assert [(one["code"], one["severity"]) for one in found] == [("PB302", "warning")]


def test_what_is_gone_is_retired_for_good(tmp_path: Path) -> None:
    main = tmp_path / "main.yaml"
    main.write_text(V1)
    assert pcgen("release", main).returncode == 0
    main.write_text(FLOWS.replace("version: 1", "version: 3")
                    + "reserved: {ids: [1], names: [ask]}\n")
    assert pcgen("release", "--allow", "PB101", main).returncode == 0
    text = V1.replace("version: 2", "version: 4")
    main.write_text(text.replace("id: 1,", "id: 1, since: 4,"))
    result = pcgen("breaking", main)
    assert "error PB107" in result.stderr and "error PB108" in result.stderr


def test_against_takes_a_revision_of_git(tmp_path: Path) -> None:
    folder = tmp_path / "repo" / "proto"
    shutil.copytree(ROOT / "protocol", folder, ignore=shutil.ignore_patterns("*.txt", "released"))

    commit(tmp_path / "repo")
    paths = sorted(folder.glob("*.yaml"))
    assert pcgen("breaking", "--against", "HEAD", *paths).stdout == "nothing breaks\n"
    client = folder / "gate_client.yaml"
    client.write_text(client.read_text().replace("ECHO_TEXT_MAX: 512", "ECHO_TEXT_MAX: 511"))
    result = pcgen("breaking", "--against", "HEAD", *paths)
    assert result.returncode == 1
    assert result.stderr.count("error PB113") == 2 and result.stderr.count("PB305") == 2
    shown = pcgen("diff", "--against", "HEAD", *paths)
    assert shown.returncode == 0
    assert "WIRE   PB113 client: the bound of `text` of `echo_request` is 511, and was 512" in (
        shown.stdout.splitlines())
    unknown = pcgen("breaking", "--against", "nowhere", *paths)
    assert unknown.returncode == 1 and "is no lock file or folder, and git says" in unknown.stderr


@pytest.mark.parametrize("text", ["", "{}", '{"format": 2}', "[1]", '{"format": 1}'])
def test_file_that_is_no_lock_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.lock.json"
    path.write_text(text)
    result = pcgen("breaking", "--against", path, *golden_inputs())
    assert result.returncode == 1 and f"pcgen: {path}: " in result.stderr
