"""What the language has and the outputs do not have yet.

The front end reads, checks and resolves the whole language; the back ends follow. A file that uses
more than they can do is refused at the place where it does so: nothing is left out in silence.
"""

from __future__ import annotations

from collections.abc import Sequence

from pcgen import ir, schema
from pcgen.codes import Code
from pcgen.diagnostics import ErrorSink
from pcgen.source import Text


def _refuse(sink: ErrorSink, word: Text, what: str) -> None:
    sink.error(Code.OUTPUT_MISSING, word.span, f"{what}: the outputs do not have this yet")


def run(files: Sequence[schema.File], program: ir.Program, sink: ErrorSink) -> None:
    """Refuse what no back end can put out."""
    relayed = {(packet.protocol, packet.name)
               for protocol in program.protocols for packet in protocol.packets
               if any(flow.via for flow in packet.flows)}
    for file in files:
        for packet in file.packets:
            if packet.latest is not None and (file.protocol.value, packet.name.value) in relayed:
                _refuse(sink, packet.latest, "latest on a packet that is relayed")
