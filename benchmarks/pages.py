"""Fill the tables of the experiments' pages from the JSON beside them.

    python -m benchmarks.pages

A page says where a table goes::

    <!-- table: kinds -->
    <!-- /table -->

What stands between is replaced; TABLES has the names. Results that are missing are named there.
"""

import functools
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks import growth_tables, speed_tables, tables
from dbt.experiments.harness.presentation import Table, markdown

PAGES = Path(__file__).resolve().parents[1] / "docs" / "experiments"
SLOT = re.compile(r"(<!-- table: ([\w-]+) -->\n).*?(<!-- /table -->)", re.DOTALL)

TABLES: Mapping[str, Callable[[Path], Table]] = {
    "chaining-machine": lambda where: tables.machine(
        where, [f"chaining-{name}" for name in tables.CHAINING]
    ),
    "programs": tables.programs,
    "kinds": tables.kinds,
    "denied": tables.denied,
    "prices": tables.prices,
    "frequency": tables.frequency,
    "lengths": tables.lengths,
    "interception-machine": lambda where: tables.machine(
        where,
        (
            *(f"idioms-tier{tier}" for tier in (0, 2)),
            *(f"interception-{name}" for name in tables.WATCHED),
        ),
    ),
    "idioms": tables.idioms,
    **{
        f"interception-{name}": functools.partial(tables.watched, name=f"interception-{name}")
        for name in tables.WATCHED
    },
    "callbacks-machine": lambda where: tables.machine(where, ("callbacks-fib",)),
    "callbacks": tables.callbacks,
    "second-run": tables.second_run,
    "second-run-differs": tables.second_run_differs,
    "other-second-run": lambda where: tables.second_run(where / tables.OTHER),
    "other-processor": tables.other_processor,
    "another-day": tables.another_day,
    "another-day-differs": tables.another_day_differs,
    "other-figures": tables.other_figures,
    **speed_tables.TABLES,
    **growth_tables.TABLES,
}


def fill(text: str, directory: Path) -> str:
    """A page with its tables as the results in ``directory`` have them. Raises KeyError for a
    table that is none of TABLES."""

    def table(slot: re.Match[str]) -> str:
        try:
            made = TABLES[slot[2]](directory)
            body = markdown(made) if made.rows else f"**{made.title}**: none.\n"
        except tables.Missing as missing:
            body = f"No result yet: {missing}.\n"
        return f"{slot[1]}\n{body}\n{slot[3]}"

    return SLOT.sub(table, text)


def fill_all(directory: Path = PAGES) -> list[Path]:
    """Fill every page of a directory; those that changed."""
    changed = []
    for path in sorted(directory.glob("*.md")):
        before = path.read_text()
        after = fill(before, directory)
        if after != before:
            path.write_text(after)
            changed.append(path)
    return changed


if __name__ == "__main__":
    for page in fill_all(*map(Path, sys.argv[1:2])):
        print(f"filled {page}")
