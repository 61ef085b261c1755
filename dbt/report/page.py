"""The page: one file of HTML with its style, its script and its data, which loads nothing else.

Jinja2 escapes all text; the data of the graphs is JSON in which ``<``, ``>`` and ``&`` are, too.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent


def page(content: Mapping[str, Any]) -> str:
    """The HTML of a report: ``content`` has what ``page.html`` names."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(_text("page.html"))
    return template.render(content, css=Markup(_text("page.css")), js=Markup(_text("page.js")))


def _text(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")
