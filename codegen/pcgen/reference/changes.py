"""The change log: what each release changed, from the lock files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from pcgen import ir
from pcgen.compat import against, compare, lock
from pcgen.compat.lock import Released
from pcgen.reference.views import Entry, Release


def read(folder: Path) -> list[Released]:
    """All released versions, by protocol and version; BadLock if one cannot be read."""
    found = [lock.parse(path.read_text(encoding="utf-8"), path)
             for path in sorted(folder.glob(f"*{against.SUFFIX}"))]
    return sorted(found, key=lambda one: (one.protocol.name, one.protocol.version))


def _entries(old: Released, new: ir.Protocol) -> tuple[Entry, ...]:
    changes = compare.compare(against.Then({new.name: old}), ir.Program((new,), ()))
    return tuple(Entry(change.text, change.rule.of.value if change.rule else "")
                 for change in changes)


def _first(protocol: ir.Protocol) -> tuple[Entry, ...]:
    count = len(protocol.packets)
    packets = f", with {count} packet{'' if count == 1 else 's'}" if count else ""
    return (Entry(f"first release{packets}", ""),)


def _of_protocol(versions: Sequence[Released], now: ir.Protocol) -> Iterator[Release]:
    """From the newest to the oldest."""
    pending = _entries(versions[-1], now)
    if pending:
        yield Release(f"{now.name}, not released yet", pending)
    for index in range(len(versions) - 1, -1, -1):
        protocol = versions[index].protocol
        entries = (_entries(versions[index - 1], protocol) if index else _first(protocol))
        yield Release(f"{protocol.name} {protocol.version}",
                      entries or (Entry("nothing that others notice", ""),))


def lower(program: ir.Program, released: Sequence[Released]) -> tuple[Release, ...]:
    """Protocol by protocol; those that were never released are left out."""
    found: list[Release] = []
    for protocol in program.protocols:
        versions = [one for one in released if one.protocol.name == protocol.name]
        if versions:
            found += _of_protocol(versions, protocol)
    return tuple(found)
