"""[B] The passes, in the order they run. Each has one concern and adds its part to the context.

A pass skips what an earlier one could not make sense of, so that one mistake gives one error.
"""

from __future__ import annotations

from collections.abc import Callable

from pcgen.passes import (
    assemble,
    consts,
    examples,
    flows,
    growth,
    identifiers,
    ids,
    imports,
    names,
    policy,
    rates,
    roles,
    sizes,
    states,
    tables,
    types,
)
from pcgen.passes.context import Context

Pass = Callable[[Context], None]

# Reads what was written and resolves it.
RESOLVE: tuple[Pass, ...] = (
    names.run,
    imports.run,
    roles.run,
    consts.run,
    types.run,
    states.run_machines,
    flows.run,
    ids.run,
    states.run_packets,
    rates.run,
    growth.run,
    policy.run,
    sizes.run,
)

# Encodes what the author wrote down as examples; so types, values and sizes must be right.
EXAMPLES: tuple[Pass, ...] = (examples.run,)

# Run only if nothing was wrong: they make the IR, and check what only the whole shows.
ASSEMBLE: tuple[Pass, ...] = (
    assemble.run,
    tables.run,
    identifiers.run,
)

__all__ = ["ASSEMBLE", "EXAMPLES", "RESOLVE", "Context"]
