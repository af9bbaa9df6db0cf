"""Roles: who may be at the end of a connection. Declared once for all protocols."""

from __future__ import annotations

from pcgen.codes import Code
from pcgen.diagnostics import did_you_mean
from pcgen.passes.context import Context


OUTSIDE = "client"  # if the files do not say


def _outside(context: Context) -> None:
    """Roles that nobody vouches for: those listed, or `client`."""
    listed = [role for file in context.files for role in file.outside or ()]
    if all(file.outside is None for file in context.files):
        context.outside = frozenset({OUTSIDE} & set(context.roles))
        return
    for role in listed:
        if role.value and role.value not in context.roles:
            context.sink.error(Code.ROLE_UNKNOWN, role.span, f"there is no role `{role}`",
                               did_you_mean(role.value, context.roles))
    context.outside = frozenset(role.value for role in listed)


def run(context: Context) -> None:
    """Fill `roles` and `outside`."""
    holder = None
    for file in sorted(context.files, key=lambda file: file.source.shown):
        if file.roles is None or file.roles_span is None:
            continue
        if holder is not None:
            context.sink.error(Code.ROLES_TWICE, file.roles_span,
                               f"{holder.source.shown} also declares roles")
            continue
        holder = file
        context.roles = tuple(dict.fromkeys(role.value for role in file.roles if role.value))
        if not file.roles:
            context.sink.error(Code.EMPTY, file.roles_span, "there are no roles")
    _outside(context)
    for file in context.files:
        named = [*(flow.name for flow in file.flows),
                 *(name for packet in file.packets for name in packet.flows)]
        if named and (holder is None or holder not in context.visible[file.protocol.value]):
            hint = f"import {holder.source.path.name}" if holder else "add `roles: [client, ...]`"
            context.sink.error(Code.ROLES_MISSING, named[0].span,
                               "a flow needs roles, and none are declared here or imported", hint)
