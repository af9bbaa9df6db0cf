"""[B] What the passes know. Each pass reads what earlier ones put here and adds its own part."""

from __future__ import annotations

from dataclasses import dataclass, field

from pcgen import ir, schema
from pcgen.diagnostics import ErrorSink


@dataclass(slots=True)
class Context:
    """Keys are (protocol, name) unless said otherwise."""

    files: tuple[schema.File, ...]
    sink: ErrorSink

    # imports: the files whose names a file may use, itself first; by protocol
    visible: dict[str, tuple[schema.File, ...]] = field(default_factory=dict)
    # imports: protocols so that each stands behind those it imports
    order: tuple[str, ...] = ()
    # roles: in the order they were declared
    roles: tuple[str, ...] = ()
    # roles: those that are no servers of ours
    outside: frozenset[str] = frozenset()
    # consts
    consts: dict[tuple[str, str], ir.Const] = field(default_factory=dict)
    # types
    enums: dict[tuple[str, str], ir.Enum] = field(default_factory=dict)
    flags: dict[tuple[str, str], ir.Flags] = field(default_factory=dict)
    composites: dict[tuple[str, str], ir.Struct | ir.Union] = field(default_factory=dict)
    packet_fields: dict[tuple[str, str], tuple[ir.Field, ...]] = field(default_factory=dict)
    # states: machines by name, they are global
    machines: dict[str, ir.StateMachine] = field(default_factory=dict)
    # flows: by (protocol, sender, receiver)
    flows: dict[tuple[str, str, str], ir.Flow] = field(default_factory=dict)
    # states and rates of packets
    packet_states: dict[tuple[str, str], tuple[int, ...] | None] = field(default_factory=dict)
    packet_rates: dict[tuple[str, str], ir.Rate | None] = field(default_factory=dict)
    # examples
    packet_examples: dict[tuple[str, str], tuple[ir.Example, ...]] = field(default_factory=dict)
    # assemble: what the pipeline hands on; empty while there are errors
    protocols: tuple[ir.Protocol, ...] = ()
    program: ir.Program | None = None

    def file_of(self, protocol: str) -> schema.File:
        """The file of a protocol."""
        return next(file for file in self.files if file.protocol.value == protocol)
