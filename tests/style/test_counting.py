"""What scripts/test counts: passed, failed, and what a test has left out, by name."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "test"

PRESETS = {
    "version": 6,
    "configurePresets": [
        {"name": "demo", "generator": "Ninja", "binaryDir": "${sourceDir}/build/demo"}
    ],
    "testPresets": [{"name": "demo", "configurePreset": "demo"}],
}
LACK = "engine uring cannot be opened here: denied"
WHOLE = "echo fine"
PARTLY = f"echo 'SKIPPED: {LACK}'; echo 'engine epoll:'"
NOT_AT_ALL = f"echo 'SKIPPED: {LACK}'; exit 77"
SILENT = "exit 77"
BY_NATURE = "echo 'SKIPPED on engine sim: it has no paths'"
BY_SETTING = "echo 'SKIPPED on a system without IPv6 (code 99): listen'"
LESS = "echo 'LESS under Wine: 200 connections of 5000'"
PYTEST = "echo 'SKIPPED [1] test_load.py:9: this system blocks io_uring'"
FAILING = f"echo 'SKIPPED: {LACK}'; exit 1"


def run_ctest(folder: Path, tests: dict[str, str], *options: str) -> list[str]:
    """The last lines of scripts/test if its only part were these tests, each a shell command."""
    build = folder / "build" / "demo"
    build.mkdir(parents=True)
    (folder / "CMakePresets.json").write_text(json.dumps(PRESETS), encoding="utf-8")
    entries = "".join(
        f'add_test({name} sh -c "{command}")\n'
        f"set_tests_properties({name} PROPERTIES SKIP_RETURN_CODE 77)\n"
        for name, command in tests.items()
    )
    (build / "CTestTestfile.cmake").write_text(entries, encoding="utf-8")
    return run_part(folder, "counted_ctest demo.log demo", *options)


def run_part(folder: Path, command: str, *options: str) -> list[str]:
    """The last lines of scripts/test if its only part were this command."""
    lines = (
        f'source "{SCRIPT}"',
        f'parse_options {" ".join(options)}',
        f'root="{folder}" logs="{folder}"',
        f"part_demo() {{ {command}; }}",
        "run_part demo > /dev/null",
        "print_result",
    )
    ended = subprocess.run(
        ["bash", "-c", "\n".join(lines)], capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout.splitlines()


def figures(said: list[str]) -> list[int]:
    """Passed, failed and skipped of the only part."""
    [line] = [line for line in said if line.startswith("demo")]
    return [int(word) for word in line.split()[1:4]]


def test_whole_tests_are_passed_and_nothing_more_is_said(tmp_path: Path) -> None:
    said = run_ctest(tmp_path, {"one": WHOLE, "two": WHOLE})
    assert figures(said) == [2, 0, 0]
    assert "left out" not in "\n".join(said)
    assert said[-1] == "2 passed, 0 failed"


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (PARTLY, LACK),
        (NOT_AT_ALL, LACK),
        (SILENT, "it does not say why"),
        (PYTEST, "test_load.py:9: this system blocks io_uring"),
    ],
)
def test_skipped_is_not_passed_and_is_named(tmp_path: Path, command: str, why: str) -> None:
    said = run_ctest(tmp_path, {"whole": WHOLE, "lacking": command})
    assert figures(said) == [1, 0, 1]
    assert f"  in demo: lacking: {why}" in said
    assert said[-1] == "1 passed, 0 failed"


def test_skipped_is_failed_when_strict(tmp_path: Path) -> None:
    said = run_ctest(tmp_path, {"whole": WHOLE, "a": PARTLY, "b": NOT_AT_ALL}, "--strict")
    assert figures(said) == [1, 2, 0]
    assert f"  in demo: a: {LACK}" in said
    assert f"  in demo: b: {LACK}" in said
    assert said[-1] == "1 passed, 2 failed"


def test_case_that_an_engine_has_not_or_has_less_is_named_and_passed(tmp_path: Path) -> None:
    tests = {"whole": WHOLE, "path": BY_NATURE, "six": BY_SETTING, "crowd": LESS}
    said = run_ctest(tmp_path, tests, "--strict")
    assert figures(said) == [4, 0, 0]
    assert "  in demo: six: on a system without IPv6 (code 99): listen" in said
    assert "  in demo: crowd: less under Wine: 200 connections of 5000" in said
    assert "  in demo: path: on engine sim: it has no paths" in said


def test_failed_is_failed_whatever_it_has_skipped(tmp_path: Path) -> None:
    said = run_ctest(tmp_path, {"whole": WHOLE, "broken": FAILING})
    assert figures(said) == [1, 1, 0]


def test_what_the_failed_said_last_stands_at_the_end(tmp_path: Path) -> None:
    tests = {"whole": WHOLE, "one": "seq 1 99; exit 1", "two": "echo why; exit 2"}
    said = run_ctest(tmp_path, tests)
    at = [said.index(f"==== failed in demo: {name}") for name in ("one", "two")]
    assert "99" in said[at[0] : at[1]] and "1" not in said[at[0] : at[1]]
    assert "why" in said[at[1] :] and "fine" not in said
    assert said[-1] == "1 passed, 2 failed"


def test_failure_of_pytest_stands_at_the_end(tmp_path: Path) -> None:
    (tmp_path / "test_demo.py").write_text("def test_a(): assert 1 == 2\n", encoding="utf-8")
    said = run_part(tmp_path, "counted_pytest demo.log test_demo.py")
    at = said.index("==== failed in demo: pytest test_demo.py")
    assert any(line.endswith("assert 1 == 2") for line in said[at:])


def test_skip_of_pytest_is_named(tmp_path: Path) -> None:
    source = "import pytest\ndef test_a():\n    pytest.skip('no moon')\ndef test_b(): pass\n"
    (tmp_path / "test_demo.py").write_text(source, encoding="utf-8")
    said = run_part(tmp_path, "counted_pytest demo.log test_demo.py")
    assert figures(said) == [1, 0, 1]
    assert "  in demo: test_demo.py:3: no moon" in said
    assert said[-1] == "1 passed, 0 failed"
