"""[D] [E] Which files a program becomes: one line for each kind of file, per backend."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pcgen import ir
from pcgen.c import (
    layout,
    lower_build,
    lower_calls,
    lower_check,
    lower_codec,
    lower_ids,
    lower_meta,
    lower_print,
    lower_role,
    lower_types,
    lower_view,
)
from pcgen.python import lower as lower_python
from pcgen.render import Renderer


@dataclass(frozen=True, slots=True)
class Output:
    """A file below the output folder. `group` tells the build what it is part of: "codec", a
    role's name, or "python"; headers and modules need no compiling."""

    path: str
    group: str
    text: str


class _Emitter:
    def __init__(self) -> None:
        self.renderer = Renderer()

    def c(self, group: str, path: str, template: str, view: object) -> Output:
        return Output(path, group, layout.finish(self.renderer.render(f"c/{template}", view)))

    def python(self, path: str, template: str, view: object) -> Output:
        return Output(path, "python", self.renderer.render(f"python/{template}", view))

    def protocol(self, protocol: ir.Protocol) -> Iterator[Output]:
        """The C and Python of one protocol."""
        stem = f"proto/{protocol.name}"
        ids = lower_ids.lower(protocol)
        codec = lower_codec.lower(protocol)
        yield self.c("codec", f"{stem}_ids.h", "ids.h.j2", ids)
        yield self.c("codec", f"{stem}_ids.c", "ids.c.j2", ids)
        yield self.c("codec", f"{stem}_types.h", "types.h.j2", lower_types.lower(protocol))
        yield self.c("codec", f"{stem}_codec.h", "codec.h.j2", codec)
        yield self.c("codec", f"{stem}_codec.c", "codec.c.j2", codec)
        if protocol.packets:
            yield self.c("codec", f"{stem}_codec_send.c", "codec_send.c.j2", codec)
        yield from self.c_helpers(protocol, stem)
        yield self.python(f"python/{protocol.name}.py", "module.py.j2",
                          lower_python.lower(protocol))

    def c_helpers(self, protocol: ir.Protocol, stem: str) -> Iterator[Output]:
        """What a program may use beside the codec; each is a header of its own."""
        checks = lower_check.lower(protocol)
        yield self.c("codec", f"{stem}_check.h", "check.h.j2", checks)
        yield self.c("codec", f"{stem}_check.c", "check.c.j2", checks)
        prints = lower_print.lower(protocol)
        yield self.c("codec", f"{stem}_print.h", "print.h.j2", prints)
        yield self.c("codec", f"{stem}_print.c", "print.c.j2", prints)
        meta = lower_meta.lower(protocol)
        yield self.c("codec", f"{stem}_meta.h", "meta.h.j2", meta)
        yield self.c("codec", f"{stem}_meta.c", "meta.c.j2", meta)
        yield self.c("codec", f"{stem}_build.h", "build.h.j2", lower_build.lower(protocol))
        yield self.c("codec", f"{stem}_view.h", "view.h.j2", lower_view.lower(protocol))

    def role(self, role: ir.Role) -> Iterator[Output]:
        """The accept tables, handlers and senders of one role, and its dispatchers in Python."""
        stem = f"proto/{role.name}"
        view = lower_role.lower(role)
        yield self.c(role.name, f"{stem}_dispatch.h", "dispatch.h.j2", view)
        yield self.c(role.name, f"{stem}_dispatch.c", "dispatch.c.j2", view)
        yield self.c(role.name, f"{stem}_send.h", "send.h.j2", view)
        heard = lower_python.lower_role(role)
        if heard is not None:
            yield self.python(f"python/roles/{role.name}.py", "role.py.j2", heard)
        if role.calls or role.answers:
            calls = lower_calls.lower(role)
            yield self.c(role.name, f"{stem}_calls.h", "calls.h.j2", calls)
            yield self.c(role.name, f"{stem}_calls.c", "calls.c.j2", calls)


def emit(program: ir.Program) -> tuple[Output, ...]:
    """All files, by path."""
    emitter = _Emitter()
    files = [emitter.python("python/pcwire.py", "pcwire.py.j2", None),
             emitter.python("python/roles/__init__.py", "roles.py.j2", None)]
    for protocol in program.protocols:
        files.extend(emitter.protocol(protocol))
    for role in program.roles:
        files.extend(emitter.role(role))
    return tuple(sorted(files, key=lambda file: file.path))
