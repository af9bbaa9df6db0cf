"""Rules that need nothing but a file's text. Each takes a source and yields findings."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterator

from source import SYSTEM_FOLDERS, Finding, Source, blank

COLUMNS_MAX = 100
FILE_LINES_MAX = 600
PORT_LINES_MAX = 800

# call -> what to use instead
BANNED_CALLS = {
    "strcpy": "memcpy with a known size, or snprintf",
    "strcat": "snprintf",
    "strncpy": "memcpy with a known size, or snprintf",
    "strncat": "snprintf",
    "sprintf": "snprintf",
    "vsprintf": "vsnprintf",
    "gets": "fgets",
    "atoi": "strtoul and a check of its end",
    "atol": "strtoul and a check of its end",
    "atof": "strtod and a check of its end",
    "strtok": "strchr or strcspn",
    "alloca": "a bounded array or a pool",
    "rand": "pc_os_random, or tests/support/random.h",
    "system": "nothing: the servers start no programs",
    "localtime": "pc_os_wall_ms and arithmetic",
    "gmtime": "pc_os_wall_ms and arithmetic",
}

ALLOCATION_CALLS = ("malloc", "calloc", "realloc", "free", "aligned_alloc", "strdup")

# Who may allocate: at start, when a pool grows by a slab, and per background job. A * is any part
# of a path. An entry whose files allocate nothing, or are not there, fails a test.
MAY_ALLOCATE = (
    "runtime/base/buffer_pool.c",
    "runtime/base/cache_line.c",
    "runtime/net/address_limit.c",
    "runtime/net/call_table.c",
    "runtime/net/connector.c",
    "runtime/net/runtime.c",
    "runtime/net/session_manager.c",
    "runtime/net/session_pool.c",
    "runtime/net/worker.c",
    "runtime/port/*",
    "servers/bots/bots.c",
    "servers/common/config.c",
    "servers/common/job_pool.c",
    "servers/common/log_queue.c",
    "servers/common/try_limit.c",
    "servers/common/work_queue.c",
    "servers/db/db_request.c",
    "servers/db/db_server.c",
    "servers/db/game_nodes.c",
    "servers/db/lanes.c",
    "servers/db/store.c",
    "servers/game/game.c",
    "servers/game/world/*",
    "servers/gate/gate.c",
    "tests/*",
)


def may_allocate(path: str) -> str | None:
    """The entry of MAY_ALLOCATE that allows it."""
    return next((entry for entry in MAY_ALLOCATE if fnmatch.fnmatchcase(path, entry)), None)


def whitespace(source: Source) -> Iterator[Finding]:
    """LF, no tabs, no blanks at the end of a line, one line break at the end of the file."""
    if source.is_golden:
        return
    if source.text and not source.text.endswith("\n"):
        yield source.finding(len(source.text), "the last line has no line break")
    if source.text.endswith("\n\n"):
        yield source.finding(len(source.text) - 1, "empty line at the end of the file")
    for number, line in enumerate(source.lines(), 1):
        if "\r" in line:
            yield Finding(source.path, number, "carriage return; lines end with LF")
        elif "\t" in line:
            yield Finding(source.path, number, "tab; indent with spaces")
        elif line != line.rstrip() and source.suffix != ".md":
            yield Finding(source.path, number, "blanks at the end of the line")


def columns(source: Source) -> Iterator[Finding]:
    """Lines of code have at most 100 columns."""
    if source.suffix in (".md", ".json", ".yaml", ".txt", ".j2") or source.is_golden:
        return
    for number, line in enumerate(source.lines(), 1):
        if len(line) > COLUMNS_MAX:
            yield Finding(source.path, number, f"{len(line)} columns; at most {COLUMNS_MAX}")


def file_length(source: Source) -> Iterator[Finding]:
    """C and Python files have at most 600 lines, an engine of the port 800."""
    if source.suffix not in (".c", ".h", ".py") or source.is_golden:
        return
    is_engine = re.fullmatch(r"runtime/port/port_\w+\.c", source.path) is not None
    allowed = PORT_LINES_MAX if is_engine else FILE_LINES_MAX
    count = len(source.lines()) - 1
    if count > allowed:
        yield Finding(source.path, count, f"{count} lines; at most {allowed}")


def opening_comment(source: Source) -> Iterator[Finding]:
    """A C file opens with a comment that says what it is; so does a Python module."""
    if source.is_golden or not source.text:
        return
    if source.is_c and not source.text.startswith("/* "):
        yield Finding(source.path, 1, "no opening comment: what it is, happy path, failures, path")
    if source.suffix == ".py" and not re.match(r'(#!.*\n)?"""', source.text):
        yield Finding(source.path, 1, "no opening docstring")


def pragma_once(source: Source) -> Iterator[Finding]:
    """Headers say #pragma once, before anything else but comments."""
    if source.suffix == ".h" and not blank(source.text).lstrip().startswith("#pragma once"):
        yield Finding(source.path, 1, "no #pragma once behind the opening comment")


def banned_calls(source: Source) -> Iterator[Finding]:
    """Calls that are not used here; each finding names what to use instead."""
    if not source.is_c:
        return
    for match in re.finditer(r"(?<![\w.>])(\w+)\s*\(", blank(source.text)):
        instead = BANNED_CALLS.get(match[1])
        if instead is not None:
            yield source.finding(match.start(), f"{match[1]}: use {instead}")


def allocation_calls(source: Source) -> Iterator[re.Match[str]]:
    """Where a C file calls the allocator."""
    if source.is_c and not source.is_golden:
        for match in re.finditer(r"(?<![\w.>])(\w+)\s*\(", blank(source.text)):
            if match[1] in ALLOCATION_CALLS:
                yield match


def allocation(source: Source) -> Iterator[Finding]:
    """Memory is allocated by a few files only: the packet path allocates nothing."""
    if may_allocate(source.path) is not None:
        return
    for match in allocation_calls(source):
        yield source.finding(
            match.start(),
            f"{match[1]}: this file may not allocate; use a pool, or say in "
            "tests/style/text_rules.py why it may",
        )


def system_errors(source: Source) -> Iterator[Finding]:
    """errno and its like are read in runtime/port only; others see enum pc_status."""
    if not source.is_c or source.path.startswith(SYSTEM_FOLDERS):
        return
    for match in re.finditer(r"\b(errno|GetLastError|WSAGetLastError)\b", blank(source.text)):
        yield source.finding(match.start(), f"{match[1]}: outside runtime/port use enum pc_status")


def struct_typedef(source: Source) -> Iterator[Finding]:
    """Structs, unions and enums are named by their tag; typedefs are for function types."""
    if not source.is_c:
        return
    pattern = re.compile(r"\btypedef\s+(?:const\s+)?(struct|union|enum)\b[^;(]*[;{]")
    for match in pattern.finditer(blank(source.text)):
        yield source.finding(match.start(), f"typedef of a {match[1]}; write {match[1]} <tag>")


def switch_default(source: Source) -> Iterator[Finding]:
    """A switch over an enum has no default, so that the compiler names a forgotten value. System
    codes (runtime/port) and characters are no enums."""
    if not source.is_c or source.path.startswith("runtime/port/"):
        return
    text = blank(source.text)
    for match in re.finditer(r"\bdefault\s*:", text):
        labels = re.findall(r"\bcase\s+(\w+)\s*:", text[text.rfind("switch", 0, match.start()) :])
        if labels and re.fullmatch(r"[A-Z]\w*", labels[0]):
            yield source.finding(match.start(), "default in a switch over an enum")


def comments(source: Source) -> Iterator[Finding]:
    """C comments are /* */; nothing is left for later without an issue."""
    if source.is_golden or source.path.startswith("tests/style/"):
        return
    for match in re.finditer(r"\b(TODO|FIXME|XXX|HACK)\b", source.text):
        yield source.finding(match.start(), f"{match[1]}: do it, or file an issue")
    if source.is_c:
        for match in re.finditer(r"/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|//", source.text, re.DOTALL):
            if match[0] == "//":
                yield source.finding(match.start(), "// comment; write /* */")


def shell_mode(source: Source) -> Iterator[Finding]:
    """Shell scripts stop at the first error."""
    if re.match(r"#!.*\b(ba)?sh\b", source.text) and "\nset -euo pipefail\n" not in source.text:
        yield Finding(source.path, 1, "no line: set -euo pipefail")


RULES: tuple[Callable[[Source], Iterator[Finding]], ...] = (
    whitespace,
    columns,
    file_length,
    opening_comment,
    pragma_once,
    banned_calls,
    allocation,
    system_errors,
    struct_typedef,
    switch_default,
    comments,
    shell_mode,
)
