"""Who may include whom, and who may know the operating system.

base sees base; port sees base; net sees port and base; all of them see the public headers pc/*,
which see only each other. Generated code sees
pc/{wire,status,frame,dispatch,session,call,json,meta}.h. Servers see pc/*, generated code,
servers/common and their own folder. The runtime never sees generated code. Only runtime/port
includes a header of the system or asks which system it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from source import SYSTEM_FOLDERS, Finding, Source, blank

C_HEADERS = frozenset(
    f"{name}.h"
    for name in (
        "assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal "
        "stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string tgmath "
        "time uchar wchar wctype"
    ).split()
)

SYSTEM_MACROS = re.compile(
    r"\b(_WIN32|_WIN64|WIN32|__linux__|__unix__|__APPLE__|__MINGW32__|_MSC_VER)\b"
)

GENERATED_SEES = frozenset(
    f"pc/{name}.h"
    for name in ("wire", "status", "frame", "dispatch", "session", "call", "json", "meta")
)

THIRD_PARTY = {
    "servers/common": {"ini.h", "sodium.h"},
    "servers/db": {"sqlite3.h", "sodium.h"},
    "tests/bench/codec": {"msgpack.h", "pb_decode.h", "pb_encode.h"},
    "tests": {"cmocka.h", "sodium.h", "sqlite3.h"},
}

# What a first part of an include names; anything else is a folder of the file's own server.
FOLDERS = frozenset(
    ("base", "port", "net", "pc", "proto", "support", "common", "gate", "game", "db", "bots")
)

INCLUDE = re.compile(r'^[ ]*#[ ]*include[ ]*(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Layer:
    """A folder and the prefixes of what its files may include with quotes."""

    folder: str
    sees: tuple[str, ...]


# The first folder that fits a file decides. A file's own folder is added for those without prefix.
LAYERS = (
    Layer("runtime/include/pc/", ("pc/",)),
    Layer("runtime/base/", ("pc/", "base/")),
    Layer("runtime/port/", ("pc/", "base/", "port/")),
    Layer("runtime/net/", ("pc/", "base/", "port/port.h", "net/")),
    Layer("servers/common/", ("pc/", "proto/", "common/")),
    Layer("servers/", ("pc/", "proto/", "common/")),
    Layer("tests/", ("pc/", "proto/", "base/", "port/", "net/", "common/", "support/")),
)


def layer_of(path: str) -> Layer | None:
    """The layer a file belongs to; None if the rules do not speak of it."""
    return next((layer for layer in LAYERS if path.startswith(layer.folder)), None)


def is_own(source: Source, included: str) -> bool:
    """True for a file of the same server or test folder, named with or without the way to it."""
    parts = source.path.split("/")
    if parts[0] == "servers":
        own = parts[1]
    elif parts[0] == "tests":
        own = server_under_test(source)
    else:
        return False
    first = included.split("/")[0]
    return "/" not in included or first == own or first not in FOLDERS


def server_under_test(source: Source) -> str:
    """tests/unit/game/test_zone.c is about the game and may include what the game may."""
    parts = source.path.split("/")
    return parts[2] if parts[:2] == ["tests", "unit"] and len(parts) > 3 else parts[1]


def check_quoted(source: Source, layer: Layer, included: str) -> str | None:
    """What is wrong with #include "included"; None if nothing is."""
    if included.startswith("..") or "/../" in included:
        return f'"{included}": include by the way from the layer\'s root'
    if included.startswith(layer.sees) or is_own(source, included):
        return None
    if included.startswith("proto/"):
        return f'"{included}": the runtime never includes generated code; it is handed a table'
    return f'"{included}": {layer.folder} may include only {", ".join(layer.sees)}'


def check_angled(source: Source, included: str) -> str | None:
    """What is wrong with #include <included>; None if nothing is."""
    if included in C_HEADERS or source.path.startswith(SYSTEM_FOLDERS):
        return None
    for folder, headers in THIRD_PARTY.items():
        if source.path.startswith(folder + "/") and included in headers:
            return None
    return f"<{included}>: only runtime/port includes headers of the system; see pc/os.h"


def check_template(source: Source) -> Iterator[Finding]:
    """Templates of C: what generated code will include."""
    for match in INCLUDE.finditer(source.text):
        quoted, angled = match.groups()
        if quoted and not quoted.startswith("proto/") and "{{" not in quoted:
            if quoted not in GENERATED_SEES:
                yield source.finding(match.start(), f'"{quoted}": not for generated code')
        if angled and angled not in C_HEADERS:
            yield source.finding(match.start(), f"<{angled}>: not for generated code")


def check_generated(source: Source) -> Iterator[Finding]:
    """Generated C files themselves."""
    yield from check_template(source)


def check_source(source: Source) -> Iterator[Finding]:
    """One file of the project."""
    if source.path.startswith("codegen/templates/c/"):
        yield from check_template(source)
        return
    layer = layer_of(source.path)
    if layer is None or not source.is_c or source.is_golden:
        return
    text = blank(source.text, keep_literals=True)
    for match in INCLUDE.finditer(text):
        quoted, angled = match.groups()
        if quoted:
            problem = check_quoted(source, layer, quoted)
        else:
            problem = check_angled(source, angled)
        if problem:
            yield source.finding(match.start(), problem)
    if not source.path.startswith("runtime/port/"):
        for match in SYSTEM_MACROS.finditer(blank(source.text)):
            problem = f"{match[1]}: only runtime/port may ask which system it is"
            yield source.finding(match.start(), problem)


def check(sources: list[Source]) -> Iterator[Finding]:
    """All files."""
    for source in sources:
        yield from check_source(source)
