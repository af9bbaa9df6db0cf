"""[D] [E] Outputs for clients, each in a folder of its own: TypeScript."""

from __future__ import annotations

from collections.abc import Iterator

from pcgen import ir
from pcgen.outputs import Output
from pcgen.render import Renderer
from pcgen.typescript import lower as lower_typescript


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


def typescript(program: ir.Program) -> tuple[Output, ...]:
    """All TypeScript modules, by path."""
    return tuple(sorted(_typescript(program), key=lambda file: file.path))
