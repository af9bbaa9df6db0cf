"""Rates: how often a session may send a packet, and what happens when it sends more."""

from __future__ import annotations

from pcgen import ir, schema
from pcgen.codes import Code
from pcgen.diagnostics import did_you_mean
from pcgen.grammar import OVER
from pcgen.passes import routes
from pcgen.passes.context import Context

RATES_MAX = 255  # a table entry names its rate in a byte; 0 is none


def _rate(context: Context, rate: schema.Rate) -> ir.Rate | None:
    if rate.over.value not in OVER:
        if rate.over.value:
            context.sink.error(Code.RATE_OVER, rate.over.span,
                               f"over must be kick, drop or delay, not `{rate.over}`",
                               did_you_mean(rate.over.value, OVER))
        return None
    return ir.Rate(rate.per_sec.value, rate.burst.value, ir.Over(rate.over.value))


def run(context: Context) -> None:
    """Fill `packet_rates`."""
    used: dict[routes.TableKey, set[ir.Rate]] = {}
    for file in context.files:
        for packet in file.packets:
            rate = _rate(context, packet.rate) if packet.rate else None
            context.packet_rates[file.protocol.value, packet.name.value] = rate
            if rate is None or packet.rate is None:
                continue
            flows = [context.flows.get((file.protocol.value, *name.key)) for name in packet.flows]
            for key in {stop.table for flow in flows if flow for stop in routes.stops(flow)}:
                rates = used.setdefault(key, set())
                rates.add(rate)
                if len(rates) > RATES_MAX:
                    context.sink.error(Code.RATES_MANY, packet.rate.span,
                                       f"what {key.owner} takes from {key.sender} has more than "
                                       f"{RATES_MAX} different rates")
