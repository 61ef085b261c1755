"""HTML for notebooks: what ``_repr_html_`` of results returns. All texts are escaped."""

from collections.abc import Iterable, Sequence

from dbt.text import printable
from dbt.typing import Any


def escaped(value: object) -> str:
    """A text as HTML; whole numbers get separators."""
    from html import escape

    return escape(f"{value:,}" if type(value) is int else printable(str(value)))


def table(headings: Sequence[str], rows: Iterable[Sequence[Any]], caption: str = "") -> str:
    """A table. Numbers are on the right of their cells."""
    head = "".join(f"<th>{escaped(heading)}</th>" for heading in headings)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    title = f"<caption>{escaped(caption)}</caption>" if caption else ""
    return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def pairs(rows: Iterable[tuple[str, Any]], caption: str = "") -> str:
    """A table of names and values."""
    body = "".join(f"<tr><th>{escaped(name)}</th>{_cell(value)}</tr>" for name, value in rows)
    title = f"<caption>{escaped(caption)}</caption>" if caption else ""
    return f"<table>{title}<tbody>{body}</tbody></table>"


def lines(text: str) -> str:
    """A text of several lines in letters of one width; nothing for an empty one."""
    return f"<pre>{'<br>'.join(map(escaped, text.splitlines()))}</pre>" if text else ""


def _cell(value: Any) -> str:
    align = "right" if isinstance(value, int | float) else "left"
    return f'<td style="text-align: {align}">{escaped(value)}</td>'
