"""The tables of the page about growth, from the JSON in a directory.

Each raises ``tables.Missing`` when there is no result to show.
"""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.tables import load, machine
from dbt.experiments.growth import tables
from dbt.experiments.growth.series import ALL
from dbt.experiments.harness.presentation import Table

NAME = "growth-all"


def _table(make: Callable[[dict[str, Any]], Table], where: Path) -> Table:
    return make(load(where, NAME))


def _amounts(result: dict[str, Any], name: str) -> Table:
    (series,) = (one for one in result["series"] if one["name"] == name)
    return tables.amounts(result, series)


TABLES: Mapping[str, Callable[[Path], Table]] = {
    "growth-machine": partial(machine, names=(NAME,)),
    "growth-lines": partial(_table, tables.lines),
    "growth-rewrites": partial(_table, tables.rewrites),
    **{
        f"growth-{one.name}": partial(_table, partial(_amounts, name=one.name))
        for one in ALL
        if one.kind != "rewrites"
    },
}
