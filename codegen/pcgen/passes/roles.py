"""Roles: who may be at the end of a connection. Declared once for all protocols."""

from __future__ import annotations

from pcgen.codes import Code
from pcgen.passes.context import Context


def run(context: Context) -> None:
    """Fill `roles`."""
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
    for file in context.files:
        if file.flows and (holder is None or holder not in context.visible[file.protocol.value]):
            hint = f"import {holder.source.path.name}" if holder else "add `roles: [client, ...]`"
            context.sink.error(Code.ROLES_MISSING, file.flows[0].name.span,
                               "a flow needs roles, and none are declared here or imported", hint)
