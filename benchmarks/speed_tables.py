"""The tables of the page about speed, from the JSON in a directory.

Each raises ``tables.Missing`` when there is no result to show.
"""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.tables import Missing, load, machine
from dbt.experiments.harness.presentation import Table
from dbt.experiments.speed import small, tables, whole

NAME = "speed-all"


def _table(make: Callable[[dict[str, Any]], Table], where: Path) -> Table:
    return make(load(where, NAME))


def _first(result: dict[str, Any]) -> Table:
    if not result["first"]:
        raise Missing("first runs (--first)")
    return tables.first(result)


_MADE: Mapping[str, Callable[[dict[str, Any]], Table]] = {
    "aims": tables.aims,
    "small": partial(tables.contenders, group=small.GROUP),
    "small-programs": partial(tables.processor, group=small.GROUP),
    "whole": partial(tables.contenders, group=whole.GROUP),
    "whole-programs": partial(tables.processor, group=whole.GROUP),
    "whole-seconds": partial(tables.seconds, group=whole.GROUP),
    "first": _first,
}
TABLES: Mapping[str, Callable[[Path], Table]] = {
    "speed-machine": partial(machine, names=(NAME,)),
    **{f"speed-{name}": partial(_table, make) for name, make in _MADE.items()},
}
