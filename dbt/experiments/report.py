"""What an experiment leaves: tables in the terminal and as Markdown, JSON in a file."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TextIO

import attrs

from dbt.hooks.outputs.destination import destination, plain_console, writing
from dbt.report import write_json
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


def write_markdown(path: str, tables: Iterable[Table], command: str) -> None:
    """Write tables and the command that made them. Raises UsageError when that fails."""
    text = "\n".join([f"```sh\n{command}\n```\n", *map(markdown, tables)])
    with destination(path) as stream, writing(path):
        stream.write(text)


__all__ = ["Table", "cell", "markdown", "print_table", "print_tables", "write_json",
           "write_markdown"]  # fmt: skip
