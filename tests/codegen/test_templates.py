"""[E] Templates hold text, `for` and `if <value>`; everything else is decided in the views."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import jinja2
import pytest
from jinja2 import nodes
from support import ROOT

from pcgen import render

TEMPLATES = sorted(path.relative_to(render.TEMPLATES).as_posix()
                   for path in render.TEMPLATES.rglob("*.j2"))
FILTERS = {"indent", "join"}
BANNED = (nodes.BinExpr, nodes.Concat, nodes.Compare, nodes.Not, nodes.And, nodes.Or,
          nodes.CondExpr, nodes.Assign, nodes.AssignBlock, nodes.Getitem, nodes.Test,
          nodes.Include, nodes.Extends, nodes.Block, nodes.CallBlock, nodes.FilterBlock,
          nodes.Import, nodes.With)


def problems(source: str) -> Iterator[str]:
    tree = render.environment().parse(source)
    macros = {macro.name for macro in tree.find_all(nodes.Macro)}
    for imported in tree.find_all(nodes.FromImport):
        macros |= {name if isinstance(name, str) else name[1] for name in imported.names}
    for banned in tree.find_all(BANNED):
        yield f"line {banned.lineno}: {type(banned).__name__}"
    for call in tree.find_all(nodes.Call):
        if not (isinstance(call.node, nodes.Name) and call.node.name in macros):
            yield f"line {call.lineno}: a call"
    for used in tree.find_all(nodes.Filter):
        if used.name not in FILTERS:
            yield f"line {used.lineno}: the filter {used.name}"
    for condition in tree.find_all(nodes.If):
        if not isinstance(condition.test, nodes.Name | nodes.Getattr):
            yield f"line {condition.lineno}: a condition that is not a value"
        if condition.elif_ or condition.else_:
            yield f"line {condition.lineno}: else"
    for loop in tree.find_all(nodes.For):
        if loop.test is not None or loop.recursive or loop.else_:
            yield f"line {loop.lineno}: a loop with conditions"


@pytest.mark.parametrize("name", TEMPLATES)
def test_template_has_no_logic(name: str) -> None:
    assert list(problems((render.TEMPLATES / name).read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("source", [
    "{{ a + 1 }}", "{% if a > 1 %}{% endif %}", "{{ a[0] }}", "{{ f() }}", "{{ a | upper }}",
    "{% set a = 1 %}", "{{ a if b else c }}", "{% if not a %}{% endif %}",
    "{% if a %}{% else %}x{% endif %}", "{% for a in b if a %}{% endfor %}", "{{ a ~ b }}",
    "{% include 'x' %}", "{% if a is defined %}{% endif %}",
])
def test_logic_would_be_found(source: str) -> None:
    assert list(problems(source))


def test_undefined_names_are_errors() -> None:
    with pytest.raises(jinja2.UndefinedError):
        render.environment().from_string("{{ view.missing }}").render(view=object())


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def generator_sources() -> list[Path]:
    return sorted((ROOT / "codegen" / "pcgen").rglob("*.py"))


@pytest.mark.parametrize("path", generator_sources(),
                         ids=shown)
def test_dataclasses_are_slotted_and_those_of_schema_ir_and_views_frozen(path: Path) -> None:
    frozen = path.name in ("schema.py", "ir.py", "views.py", "source.py", "lower.py")
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ClassDef):
            continue
        for decorator in node.decorator_list:
            if "dataclass" in ast.unparse(decorator):
                assert "slots=True" in ast.unparse(decorator), node.name
                assert not frozen or "frozen=True" in ast.unparse(decorator), node.name


@pytest.mark.parametrize("path", generator_sources(),
                         ids=shown)
def test_functions_are_short(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 40, node.name
