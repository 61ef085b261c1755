"""What an experiment leaves: a table in the terminal, JSON in a file."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from dbt.report import write_json

WIDTH = 132
"""Columns of a table that goes to a file."""


def cell(value: object) -> str:
    """A value as a table shows it: three digits of a float, ``-`` for None."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def print_table(
    title: str,
    columns: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
    out: TextIO | None = None,
) -> None:
    """Print rows; the first column stands left, the others right."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title)
    for column in columns:
        table.add_column(column, justify="left" if column == columns[0] else "right")
    for row in rows:
        table.add_row(*(cell(row.get(column)) for column in columns))
    out = out or sys.stdout
    Console(file=out, width=None if out.isatty() else WIDTH).print(table)


__all__ = ["cell", "print_table", "write_json"]
