"""Shows that every include direction that is forbidden is found, and that the others pass."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import layers
from source import Source

FORBIDDEN = [
    ("runtime/base/a.c", '#include "net/worker.h"', "runtime/base/ may include only"),
    ("runtime/base/a.c", '#include "port/port.h"', "runtime/base/ may include only"),
    ("runtime/base/a.c", '#include "proto/client_ids.h"', "never includes generated"),
    ("runtime/base/a.c", "#include <pthread.h>", "only runtime/port"),
    ("runtime/port/a.c", '#include "net/worker.h"', "runtime/port/ may include only"),
    ("runtime/net/a.c", '#include "port/socket_posix.h"', "runtime/net/ may include only"),
    ("runtime/net/a.c", '#include "proto/client_ids.h"', "never includes generated"),
    ("runtime/net/a.c", "#include <sys/socket.h>", "only runtime/port"),
    ("runtime/include/pc/a.h", '#include "base/inbox.h"', "may include only pc/"),
    ("runtime/include/pc/a.h", "#include <unistd.h>", "only runtime/port"),
    ("servers/gate/a.c", '#include "net/session.h"', "servers/ may include only"),
    ("servers/gate/a.c", '#include "base/inbox.h"', "servers/ may include only"),
    ("servers/gate/a.c", '#include "db/store.h"', "servers/ may include only"),
    ("servers/gate/a.c", '#include "../db/store.h"', "layer's root"),
    ("servers/gate/a.c", "#include <winsock2.h>", "only runtime/port"),
    ("servers/gate/a.c", "#include <sqlite3.h>", "only runtime/port"),
    ("servers/gate/a.c", "#ifdef _WIN32", "which system"),
    ("servers/common/a.c", '#include "gate/gate.h"', "servers/common/ may include only"),
    ("runtime/net/a.c", "#if defined(__linux__)", "which system"),
    ("tests/unit/base/test_a.c", "#include <unistd.h>", "only runtime/port"),
    ("tests/unit/base/test_a.c", '#include "gate/gate.h"', "tests/ may include only"),
    ("codegen/templates/c/a.h.j2", '#include "pc/worker.h"', "not for generated"),
    ("codegen/templates/c/a.h.j2", "#include <windows.h>", "not for generated"),
]

ALLOWED = [
    ("runtime/base/a.c", '#include "base/bits.h"'),
    ("runtime/base/a.c", '#include "pc/check.h"'),
    ("runtime/port/a.c", "#include <liburing.h>"),
    ("runtime/port/a.c", "#ifdef _WIN32"),
    ("runtime/port/a.c", '#include "base/bits.h"'),
    ("runtime/net/a.c", '#include "port/port.h"'),
    ("runtime/net/a.c", "/* #ifdef _WIN32 */"),
    ("servers/db/a.c", "#include <sqlite3.h>"),
    ("servers/gate/a.c", '#include "proto/gate_dispatch.h"'),
    ("servers/gate/a.c", '#include "common/log.h"'),
    ("servers/gate/handlers/on_a.c", '#include "gate.h"'),
    ("servers/gate/handlers/on_a.c", '#include "gate/gate.h"'),
    ("servers/game/a.c", '#include "world/zone.h"'),
    ("tests/unit/game/test_a.c", '#include "world/zone.h"'),
    ("tests/unit/gate/test_a.c", '#include "gate/gate.h"'),
    ("tests/unit/base/test_a.c", '#include "base/inbox.h"'),
    ("tests/unit/base/test_a.c", "#include <cmocka.h>"),
    ("tests/unit/port/test_a_posix.c", "#include <sys/timerfd.h>"),
    ("codegen/templates/c/a.h.j2", '#include "pc/wire.h"'),
    ("codegen/templates/c/a.h.j2", '#include "proto/{{ name }}_ids.h"'),
    ("codegen/templates/python/a.py.j2", '#include "pc/worker.h"'),
]


@pytest.mark.parametrize(("path", "line", "part"), FORBIDDEN)
def test_forbidden_direction_is_found(path: str, line: str, part: str) -> None:
    found = list(layers.check_source(Source(path, f"/* A. */\n{line}\n")))
    assert len(found) == 1, found
    assert found[0].line == 2
    assert part in found[0].text


@pytest.mark.parametrize(("path", "line"), ALLOWED)
def test_allowed_direction_is_not_found(path: str, line: str) -> None:
    assert list(layers.check_source(Source(path, f"/* A. */\n{line}\n"))) == []


def test_generated_file_with_private_header_is_found() -> None:
    source = Source("build/dev/proto/client_codec.c", '#include "pc/wire.h"\n#include "base/x.h"\n')
    assert [finding.line for finding in layers.check_generated(source)] == [2]
