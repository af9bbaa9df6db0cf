"""SARIF 2.1.0: what code scanning services and editors read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import PurePath
from urllib.parse import quote

from pcgen import explain
from pcgen.diagnostics import Diagnostic

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
VERSION = "2.1.0"


def _uri(shown: str) -> str:
    """Relative files stay relative: to the folder that the tool ran in."""
    path = PurePath(shown)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())


def _result(finding: Diagnostic, index: int) -> dict[str, object]:
    span = finding.span
    words = finding.message + (f" ({finding.hint})" if finding.hint else "")
    region = {"startLine": span.line, "startColumn": span.column,
              "endColumn": span.column + span.size}
    return {
        "ruleId": finding.code.value,
        "ruleIndex": index,
        "level": finding.severity,
        "message": {"text": words},
        "locations": [{"physicalLocation": {
            "artifactLocation": {"uri": _uri(span.file.shown)}, "region": region}}],
    }


def render(found: Sequence[Diagnostic]) -> str:
    """One run with the rules that were broken and every finding."""
    ids = sorted({finding.code.value for finding in found})
    known = explain.load() if ids else {}
    rules = [{"id": name, "shortDescription": {"text": known[name].title},
              "help": {"text": known[name].text or known[name].title}} for name in ids]
    run = {
        "tool": {"driver": {"name": "pcgen", "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, ids.index(finding.code.value)) for finding in found],
    }
    return json.dumps({"$schema": SCHEMA, "version": VERSION, "runs": [run]}, indent=2,
                      ensure_ascii=False) + "\n"
