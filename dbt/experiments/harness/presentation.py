"""Results as tables, in the terminal and as Markdown, and the files that results are written to."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import IO, Any, TextIO

import attrs

from dbt.files import Destination, check_directory, dump, write_json, writing
from dbt.stops import UsageError
from dbt.streams import plain_console
from dbt.text import printable

WIDTH = 132
"""Characters in a line of a table that is not printed to a terminal."""


@attrs.frozen
class Table:
    """Rows by column name. The first column is aligned left, the others right."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Mapping[str, Any]]


def cell(value: object) -> str:
    """The text of a value in a table: three significant digits of a float, ``-`` for None."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else printable(str(value))


def print_table(
    title: str,
    columns: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
    out: TextIO | None = None,
) -> None:
    """Print one table."""
    print_tables([Table(title, columns, rows)], out)


def print_tables(tables: Iterable[Table], out: TextIO | None = None) -> None:
    """Print tables, as wide as the terminal, or WIDTH where there is none."""
    from rich import table as rich_table

    out = out or sys.stdout
    console = plain_console(out, WIDTH)
    for table in tables:
        drawn = rich_table.Table(title=printable(table.title))
        for column in table.columns:
            drawn.add_column(column, justify="left" if column == table.columns[0] else "right")
        for row in table.rows:
            drawn.add_row(*(cell(row.get(column)) for column in table.columns))
        console.print(drawn)


def markdown(table: Table) -> str:
    """A table as Markdown."""
    lines = [
        f"**{table.title}**",
        "",
        "| " + " | ".join(column.replace("\n", " ") for column in table.columns) + " |",
        "| " + " | ".join(["---", *["---:"] * (len(table.columns) - 1)]) + " |",
    ]
    lines += [
        "| " + " | ".join(cell(row.get(column)) for column in table.columns) + " |"
        for row in table.rows
    ]
    return "\n".join(lines) + "\n"


class Results(contextlib.ExitStack):
    """The files that results are written to. They are opened before a guest runs, because a guest
    could put links in their places.

    Each file is written as a whole or keeps its old content. A context manager that closes them.
    """

    def __init__(self) -> None:
        super().__init__()
        self._opened: dict[str, Destination] = {}

    def open(self, name: str, path: str | None, *, binary: bool = False) -> None:
        """Open the file of the result ``name``; does nothing without a path.

        Raises UsageError when it cannot be written, or is open for another result.
        """
        if not path:
            return
        opened = self.enter_context(contextlib.closing(Destination(path, binary=binary)))
        if opened.file in {other.file for other in self._opened.values()} - {None}:
            raise UsageError(f"{path}: two results for one file")
        self._opened[name] = opened

    def open_plots(self, directory: str, names: Iterable[str]) -> None:
        """Open files in a directory, each under its own name; makes the directory. Raises
        UsageError."""
        check_directory(directory)
        for name in names:
            self.open(name, os.path.join(directory, name), binary=True)

    def write(self, name: str, writer: Callable[[IO[Any]], object]) -> str:
        """Let ``writer`` write the file of the result ``name``; returns the path.

        Raises UsageError when that fails.
        """
        opened = self._opened[name]
        with writing(opened.path):
            writer(opened.stream)
        opened.complete()
        return opened.path

    def write_json(self, data: object) -> None:
        """Write the result ``json``, if it is open. Raises UsageError when that fails."""
        if "json" in self._opened:
            self.write("json", partial(dump, data))

    def write_markdown(self, tables: Iterable[Table], command: str) -> None:
        """Write tables and the command that made them as the result ``markdown``, if it is open.
        Raises UsageError when that fails."""
        if "markdown" in self._opened:
            text = "\n".join([f"```sh\n{command}\n```\n", *map(markdown, tables)])
            self.write("markdown", lambda stream: stream.write(text))


__all__ = ["Results", "Table", "cell", "markdown", "print_table", "print_tables", "write_json"]
