"""[E] Jinja2: templates hold text, `for` and `if`; what they say was decided in the views."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import jinja2

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"


def _compiled() -> jinja2.BytecodeCache | None:
    """Templates are compiled once and kept where Python keeps its own compiled modules, if that is
    outside the source tree. A template that changes is compiled anew."""
    if sys.pycache_prefix is None:
        return None
    folder = Path(sys.pycache_prefix) / "templates"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return jinja2.FileSystemBytecodeCache(str(folder))


def _is_html(name: str | None) -> bool:
    return name is not None and name.endswith(".html.j2")


def environment() -> jinja2.Environment:
    """The one way templates are read, also by the tests."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        autoescape=_is_html,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        bytecode_cache=_compiled(),
    )


class Renderer:
    """Renders a view with a template."""

    def __init__(self) -> None:
        self.environment = environment()

    def render(self, template: str, view: Any) -> str:
        """template: the path below templates/, as `c/ids.h.j2`."""
        return self.environment.get_template(template).render(view=view)
