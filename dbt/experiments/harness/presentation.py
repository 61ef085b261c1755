"""What an experiment leaves: tables in the terminal and as Markdown, JSON in a file."""

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
"""Columns of a table that goes to a file."""


@attrs.frozen
class Table:
    """Rows by column name; the first column stands left, the others right."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Mapping[str, Any]]


def cell(value: object) -> str:
    """A value as a table shows it: three digits of a float, ``-`` for None."""
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
    """Print tables, as wide as the terminal or, to a file, WIDTH."""
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
    """The files that results go to, opened before a guest runs, which could put links there.

    Each is written whole, as soon as there is something to write, or left as it was. A context
    manager, whose end closes them.
    """

    def __init__(self) -> None:
        super().__init__()
        self._opened: dict[str, Destination] = {}

    def open(self, name: str, path: str | None, *, binary: bool = False) -> None:
        """Open a file under a name of ours; without a path, none is wanted.

        Raises UsageError for what cannot be written, and for a file that is open here.
        """
        if not path:
            return
        opened = self.enter_context(contextlib.closing(Destination(path, binary=binary)))
        if opened.file in {other.file for other in self._opened.values()} - {None}:
            raise UsageError(f"{path}: two results for one file")
        self._opened[name] = opened

    def open_plots(self, directory: str, names: Iterable[str]) -> None:
        """Open files by their names in a directory, which is made. Raises UsageError."""
        check_directory(directory)
        for name in names:
            self.open(name, os.path.join(directory, name), binary=True)

    def write(self, name: str, writer: Callable[[IO[Any]], object]) -> str:
        """Have ``writer`` write what was opened under the name; its path.

        Raises UsageError when that fails.
        """
        opened = self._opened[name]
        with writing(opened.path):
            writer(opened.stream)
        opened.complete()
        return opened.path

    def write_json(self, data: object) -> None:
        """Write everything, if it is wanted. Raises UsageError when that fails."""
        if "json" in self._opened:
            self.write("json", partial(dump, data))

    def write_markdown(self, tables: Iterable[Table], command: str) -> None:
        """Write tables and the command that made them, if wanted. Raises UsageError when that
        fails."""
        if "markdown" in self._opened:
            text = "\n".join([f"```sh\n{command}\n```\n", *map(markdown, tables)])
            self.write("markdown", lambda stream: stream.write(text))


__all__ = ["Results", "Table", "cell", "markdown", "print_table", "print_tables", "write_json"]
