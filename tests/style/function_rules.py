"""Rules about functions: length, parameters, nesting. universal-ctags finds the functions."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from source import ROOT, Finding, Source, blank

FUNCTION_LINES_MAX = 70
PARAMETERS_MAX = 5
NESTING_MAX = 3


@dataclass(frozen=True, slots=True)
class Function:
    """A function's definition: first and last line, count of parameters."""

    path: str
    name: str
    first: int
    last: int
    parameter_count: int


def count_parameters(signature: str) -> int:
    """Parameters of "(int a, void (*b)(int, int))"."""
    inner = signature.strip()[1:-1].strip()
    if inner in ("", "void"):
        return 0
    depth = 0
    count = 1
    for character in inner:
        depth += (character in "([") - (character in ")]")
        count += character == "," and depth == 0
    return count


def find(root: Path, paths: list[str]) -> list[Function]:
    """The functions that the C files define."""
    if not paths:
        return []
    result = subprocess.run(
        ["ctags", "--output-format=json", "--languages=C", "--langmap=C:.c.h", "--kinds-C=f",
         "--fields=+neS", "-f", "-", *paths],
        cwd=root, capture_output=True, text=True, check=True,
    )  # fmt: skip
    functions = []
    for line in result.stdout.splitlines():
        tag = json.loads(line)
        if tag.get("_type") == "tag" and "end" in tag:
            parameters = count_parameters(tag.get("signature", "()"))
            functions.append(
                Function(tag["path"], tag["name"], tag["line"], tag["end"], parameters)
            )
    return functions


def nesting(body: str) -> int:
    """How deep control statements stand inside each other; `else if` goes no deeper."""
    deepest = 0
    depth = 0
    opened: list[bool] = []  # for each open brace: was it a control statement's
    pending = False
    for match in re.finditer(r"\b(?:if|else|for|while|do|switch)\b|[{};]", body):
        token = match[0]
        if token == "{":
            opened.append(pending)
            depth += pending
            deepest = max(deepest, depth)
            pending = False
        elif token == "}":
            depth -= bool(opened) and opened.pop()
        elif token != ";":
            pending = True
        elif not inside_parentheses(body, match.start()):
            pending = False
    return deepest


def inside_parentheses(body: str, offset: int) -> bool:
    """True for the semicolons of a for statement."""
    start = max(body.rfind(edge, 0, offset) for edge in "{}")
    part = body[start + 1 : offset]
    return part.count("(") > part.count(")")


def check_function(function: Function, text: str) -> Iterator[Finding]:
    """text: of the function's file, blanked."""
    length = function.last - function.first + 1
    if length > FUNCTION_LINES_MAX:
        problem = f"{function.name}: {length} lines; at most {FUNCTION_LINES_MAX}"
        yield Finding(function.path, function.first, problem)
    if function.parameter_count > PARAMETERS_MAX:
        problem = f"{function.name}: {function.parameter_count} parameters"
        problem += f"; at most {PARAMETERS_MAX}"
        yield Finding(function.path, function.first, problem)
    body = "\n".join(text.split("\n")[function.first - 1 : function.last])
    depth = nesting(body)
    if depth > NESTING_MAX:
        problem = f"{function.name}: nesting {depth}; at most {NESTING_MAX}"
        yield Finding(function.path, function.first, problem)


def check(sources: list[Source], root: Path = ROOT) -> Iterator[Finding]:
    """All functions of the C files."""
    texts = {s.path: blank(s.text) for s in sources if s.is_c and not s.is_golden}
    for function in find(root, sorted(texts)):
        yield from check_function(function, texts[function.path])
