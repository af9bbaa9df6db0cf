"""Shows that every style rule can fail, and does not where it should not."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import function_rules
import text_rules
import tool_rules
from source import Source, blank, load

C = "/* What it is. */\n"

# rule, path, bad text, line of the finding, part of its text
BAD = [
    (text_rules.whitespace, "a.c", "int a;", 1, "no line break"),
    (text_rules.whitespace, "a.c", "int a;\n\n", 2, "empty line at the end"),
    (text_rules.whitespace, "a.c", "int a;\r\n", 1, "carriage return"),
    (text_rules.whitespace, "a.c", "a\n\tint a;\n", 2, "tab"),
    (text_rules.whitespace, "a.c", "a\nint a; \n", 2, "blanks"),
    (text_rules.columns, "a.c", "a\n" + "x" * 101 + "\n", 2, "101 columns"),
    (text_rules.file_length, "runtime/net/a.c", "x\n" * 601, 601, "at most 600"),
    (text_rules.file_length, "runtime/port/port_x.c", "x\n" * 801, 801, "at most 800"),
    (text_rules.opening_comment, "a.c", "int a;\n", 1, "opening comment"),
    (text_rules.opening_comment, "a.py", "import os\n", 1, "docstring"),
    (text_rules.pragma_once, "a.h", "/* A. */\n#ifndef A_H\n#define A_H\n#endif\n", 1, "once"),
    (text_rules.banned_calls, "a.c", C + "strcpy(a, b);\n", 2, "memcpy"),
    (text_rules.banned_calls, "a.c", C + "x = atoi (text);\n", 2, "strtoul"),
    (text_rules.banned_calls, "a.c", C + "vsprintf(a, b, c);\n", 2, "vsnprintf"),
    (text_rules.allocation, "servers/gate/handlers/a.c", C + "p = malloc(3);\n", 2, "pool"),
    (text_rules.allocation, "runtime/net/session.c", C + "free(p);\n", 2, "pool"),
    (text_rules.system_errors, "servers/db/a.c", C + "return errno;\n", 2, "enum pc_status"),
    (text_rules.system_errors, "runtime/net/a.c", C + "GetLastError();\n", 2, "enum pc_status"),
    (text_rules.struct_typedef, "a.h", C + "typedef struct a {\n int b;\n} a;\n", 2, "struct"),
    (text_rules.struct_typedef, "a.h", C + "typedef struct a a;\n", 2, "struct"),
    (
        text_rules.switch_default,
        "a.c",
        C + "switch (a) {\ncase PC_OK:\nbreak;\ndefault:\nbreak;\n}\n",
        5,
        "enum",
    ),
    (text_rules.comments, "a.c", C + "/* TO" + "DO: later */\n", 2, "issue"),
    (text_rules.comments, "a.c", C + "int a; // an int\n", 2, "/* */"),
    (text_rules.shell_mode, "a", "#!/usr/bin/env bash\necho\n", 1, "pipefail"),
]

GOOD = [
    (text_rules.columns, "a.c", "x" * 100 + "\n"),
    (text_rules.columns, "README.md", "x" * 300 + "\n"),
    (text_rules.file_length, "runtime/port/port_x.c", "x\n" * 800),
    (text_rules.pragma_once, "a.h", "/* A. */\n#pragma once\n"),
    (text_rules.banned_calls, "a.c", C + "/* strcpy(a, b) */ x = \"atoi(1)\"; my_strcpy(a);\n"),
    (text_rules.banned_calls, "a.c", C + "engine->system(1); snprintf(a, 1, b);\n"),
    (text_rules.allocation, "runtime/base/buffer_pool.c", C + "p = malloc(3);\n"),
    (text_rules.allocation, "servers/gate/a.c", C + "pool_free(p); x.free(p); y->free(p);\n"),
    (text_rules.system_errors, "runtime/port/port_x.c", C + "return errno;\n"),
    (text_rules.struct_typedef, "a.h", C + "typedef enum pc_error fn(struct a *b);\n"),
    (text_rules.struct_typedef, "a.h", C + "typedef void fn(struct a *b, int c);\n"),
    (text_rules.switch_default, "a.c", C + "switch (a) {\ncase 'x':\nbreak;\ndefault:\n}\n"),
    (text_rules.comments, "a.c", C + "url = \"http://a\"; /* see // */\n"),
    (text_rules.shell_mode, "a", "#!/usr/bin/env bash\n# A.\nset -euo pipefail\n"),
]


@pytest.mark.parametrize(("rule", "path", "text", "line", "part"), BAD)
def test_bad_sample_is_found(
    rule: object, path: str, text: str, line: int, part: str
) -> None:
    findings = list(rule(Source(path, text)))  # type: ignore[operator]
    assert len(findings) == 1, findings
    assert findings[0].line == line
    assert part in findings[0].text


@pytest.mark.parametrize(("rule", "path", "text"), GOOD)
def test_good_sample_is_not_found(rule: object, path: str, text: str) -> None:
    assert list(rule(Source(path, text))) == []  # type: ignore[operator]


def test_every_text_rule_has_a_bad_sample() -> None:
    assert {case[0] for case in BAD} == set(text_rules.RULES)


def test_every_file_that_may_allocate_does() -> None:
    allowed = {
        text_rules.may_allocate(source.path)
        for source in load()
        if any(text_rules.allocation_calls(source))
    }
    assert set(text_rules.MAY_ALLOCATE) - allowed == set()


def test_blank_keeps_offsets_and_lines() -> None:
    text = 'a /* b\n */ "c\\"//" \'"\' // d\ne\n'
    blanked = blank(text)
    assert len(blanked) == len(text)
    assert blanked.count("\n") == text.count("\n")
    assert blanked.split() == ["a", "e"]
    assert blank(text, keep_literals=True).split() == ["a", '"c\\"//"', "'\"'", "e"]


def function(lines: int, parameters: str = "void", body: str = "    a();\n") -> str:
    """A C file with one function of so many lines."""
    filler = "    a();\n" * (lines - 3 - body.count("\n"))
    return C + f"int f({parameters})\n{{\n{body}{filler}}}\n"


def check_functions(folder: Path, text: str) -> list[str]:
    (folder / "a.c").write_text(text, encoding="utf-8")
    found = function_rules.check([Source("a.c", text)], folder)
    return [finding.text for finding in found]


NESTED_3 = "    for (;;) {\n if (a) {\n while (b) {\n c();\n }\n } else if (d) {\n e();\n }\n }\n"
NESTED_4 = NESTED_3.replace("c();", "if (x) {\n y();\n }")


def test_function_of_70_lines_is_fine(tmp_path: Path) -> None:
    assert check_functions(tmp_path, function(70)) == []


def test_function_of_71_lines_is_found(tmp_path: Path) -> None:
    assert check_functions(tmp_path, function(71)) == ["f: 71 lines; at most 70"]


def test_function_with_six_parameters_is_found(tmp_path: Path) -> None:
    five = "int a, void (*b)(int, int), int c[2], int d, int e"
    assert check_functions(tmp_path, function(9, five)) == []
    assert check_functions(tmp_path, function(9, five + ", int g")) == [
        "f: 6 parameters; at most 5"
    ]


def test_function_nested_four_deep_is_found(tmp_path: Path) -> None:
    assert check_functions(tmp_path, function(30, "int a", NESTED_3)) == []
    assert check_functions(tmp_path, function(30, "int a", NESTED_4)) == [
        "f: nesting 4; at most 3"
    ]


def test_unformatted_file_is_found(tmp_path: Path) -> None:
    shutil.copy(Path(__file__).parents[2] / ".clang-format", tmp_path)
    good = Source("good.c", C + "int a(void)\n{\n    return 1;\n}\n")
    bad = Source("bad.c", C + "int a(void) { return 1; }\n")
    for source in (good, bad):
        (tmp_path / source.path).write_text(source.text, encoding="utf-8")
    assert list(tool_rules.formatted([good], tmp_path)) == []
    found = list(tool_rules.formatted([good, bad], tmp_path))
    assert [finding.path for finding in found] == ["bad.c"]


def test_header_that_needs_another_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "runtime/include/pc"
    folder.mkdir(parents=True)
    text = C + "#pragma once\nuint32_t a(void);\n"
    (folder / "a.h").write_text(text, encoding="utf-8")
    source = Source("runtime/include/pc/a.h", text)
    found = [f.text for f in tool_rules.public_headers([source], tmp_path)]
    assert len(found) == 2
    assert "uint32_t" in found[0]


def test_header_that_is_no_cpp_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "runtime/include/pc"
    folder.mkdir(parents=True)
    text = C + "#pragma once\nstruct a {\n    int class;\n};\n"
    (folder / "a.h").write_text(text, encoding="utf-8")
    found = list(tool_rules.public_headers([Source("runtime/include/pc/a.h", text)], tmp_path))
    assert [f.text.split(":")[0] for f in found] == ["alone it is no C++"]
