"""[E] Jinja2: templates hold text, `for` and `if`; what they say was decided in the views."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"


def environment() -> jinja2.Environment:
    """The one way templates are read, also by the tests."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


class Renderer:
    """Renders a view with a template."""

    def __init__(self) -> None:
        self.environment = environment()

    def render(self, template: str, view: Any) -> str:
        """template: the path below templates/, as `c/ids.h.j2`."""
        return self.environment.get_template(template).render(view=view)
