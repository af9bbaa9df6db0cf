"""Constants: numbers with a name."""

from __future__ import annotations

from pcgen import ir
from pcgen.passes.context import Context


def run(context: Context) -> None:
    """Fill `consts`."""
    for file in context.files:
        protocol = file.protocol.value
        for const in file.consts:
            context.consts[protocol, const.name.value] = ir.Const(protocol, const.name.value,
                                                                  const.value.value)
