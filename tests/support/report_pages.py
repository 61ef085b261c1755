"""Reads the page that ``armdbt report`` has made, as a program: its tables and the graphs' data."""

import json
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

LOADING = ("src", "href", "action", "poster", "data", "srcset")
"""Attributes by which a page loads something, or leads elsewhere."""


class Page(HTMLParser):
    """``tables`` by their id, rows of texts, the heading first; ``texts`` of elements by id or
    class; ``data`` of the graphs; ``loaded``: what the page refers to outside of itself."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.source = path.read_text(encoding="utf-8")
        self.tables: dict[str, list[list[str]]] = {}
        self.loaded: list[str] = []
        self.tags: set[str] = set()
        self._open: list[tuple[str, dict[str, str]]] = []
        self._texts: list[tuple[dict[str, str], list[str]]] = []
        self.feed(self.source)
        self.data: Any = json.loads(self.text("data"))

    def text(self, name: str) -> str:
        """The text in the first element of an id, a class or a tag."""
        return next(self.texts(name))

    def texts(self, name: str) -> Iterator[str]:
        """The texts in all elements of an id, a class or a tag."""
        for attributes, parts in self._texts:
            if (
                name in (attributes.get("id"), attributes[""])
                or name in attributes.get("class", "").split()
            ):
                yield "".join(parts)

    def rows(self, table: str) -> list[dict[str, str]]:
        """The rows of a table, by heading."""
        headings, *rows = self.tables[table]
        return [dict(zip(headings, row, strict=True)) for row in rows]

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        attributes = {"": tag, **{name: value or "" for name, value in attrs}}
        self.tags.add(tag)
        for name in LOADING:
            value = attributes.get(name, "#")
            if not value.startswith(("#", "data:")):
                self.loaded.append(value)
        if tag == "table":
            self.tables[attributes["id"]] = []
        elif tag == "tr":
            self._last.append([])
        elif tag in ("td", "th"):
            self._last[-1].append("")
        if tag not in ("meta", "link", "input"):
            self._open.append((tag, attributes))
            self._texts.append((attributes, []))

    @property
    def _last(self) -> list[list[str]]:
        return [*self.tables.values()][-1]

    def handle_endtag(self, tag: str) -> None:
        assert self._open, tag
        opened, _ = self._open.pop()
        assert opened == tag, f"<{opened}> is closed by </{tag}>"

    def handle_data(self, data: str) -> None:
        for _, attributes in self._open:
            next(parts for of, parts in self._texts if of is attributes).append(data)
        if any(tag in ("td", "th") for tag, _ in self._open):
            self._last[-1][-1] += data.strip()
