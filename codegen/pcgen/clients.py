"""[D] [E] Outputs for clients, each in a folder of its own: C# and TypeScript."""

from __future__ import annotations

from collections.abc import Iterator

from pcgen import ir
from pcgen.csharp import lower as lower_csharp
from pcgen.csharp.naming import type_name
from pcgen.outputs import Output
from pcgen.render import Renderer
from pcgen.typescript import lower as lower_typescript


def _csharp(program: ir.Program) -> Iterator[Output]:
    render = Renderer().render
    for part in ("codec", "fields", "frame"):
        yield Output(f"Pcwire/{part.capitalize()}.cs", "csharp",
                     render(f"csharp/pcwire_{part}.cs.j2", None))
    for protocol in program.protocols:
        view = lower_csharp.lower(protocol)
        yield Output(f"{type_name(protocol.name)}.cs", "csharp",
                     render("csharp/module.cs.j2", view))
    for role in program.roles:
        table = lower_csharp.lower_role(role)
        if table is not None:
            yield Output(f"Roles/{type_name(role.name)}.cs", "csharp",
                         render("csharp/role.cs.j2", table))


def _typescript(program: ir.Program) -> Iterator[Output]:
    render = Renderer().render
    yield Output("pcwire.ts", "typescript", render("typescript/pcwire.ts.j2", None))
    for protocol in program.protocols:
        view = lower_typescript.lower(protocol)
        yield Output(f"{protocol.name}.ts", "typescript", render("typescript/module.ts.j2", view))
    for role in program.roles:
        table = lower_typescript.lower_role(role)
        if table is not None:
            yield Output(f"roles/{role.name}.ts", "typescript",
                         render("typescript/role.ts.j2", table))


def csharp(program: ir.Program) -> tuple[Output, ...]:
    """All C# files, by path."""
    return tuple(sorted(_csharp(program), key=lambda file: file.path))


def typescript(program: ir.Program) -> tuple[Output, ...]:
    """All TypeScript modules, by path."""
    return tuple(sorted(_typescript(program), key=lambda file: file.path))
