"""Which rows of a product of independent factors are run.

A module says which factor takes turns: ``pytestmark = pytest.mark.rotates("tier")``. Of its tests
each combination of the other factors is run with one value of it, the next one with the next value.
With two other factors or more every value still meets every other; with one, each test begins
elsewhere, so that they meet over the tests of a module. Where there are fewer combinations than
turns, as many rows are run as show each value of each factor. ``pytest.mark.shares(N)`` is for tests with
many rows that are alike: one in N of them is run, of those that have their turn. ``ARMDBT_ROTATION=N``
moves all on: what one run leaves out, the next ones make up for, and CI counts days.
``ARMDBT_FULL=1`` runs the whole product, and a row that is asked for by its name is always run.
"""

import os
import zlib
from collections.abc import Iterable, Sequence

import pytest

FULL = os.environ.get("ARMDBT_FULL", "") not in ("", "0")
TURN = int(os.environ.get("ARMDBT_ROTATION", "0"))


def chosen(
    items: Sequence[pytest.Item], *, full: bool = FULL, turn: int = TURN
) -> set[pytest.Item]:
    """The items of a collection whose turn it is."""
    functions: dict[str, list[pytest.Item]] = {}
    for item in items:
        functions.setdefault(item.nodeid.partition("[")[0], []).append(item)
    found: set[pytest.Item] = set()
    for name, rows in functions.items():
        start = zlib.crc32(name.encode())
        rotates, shares = map(rows[0].get_closest_marker, ("rotates", "shares"))
        if full or not hasattr(rows[0], "callspec"):
            rotates = shares = None
        parts = shares.args[0] if shares else 1
        # A row whose share has its turn again has moved on by one value.
        today = [*_turns(rows, rotates.args, start + turn // parts)] if rotates else rows
        found.update(_share(today, parts, start + turn))
    return found


def _share(rows: Sequence[pytest.Item], parts: int, start: int) -> Sequence[pytest.Item]:
    """One in so many rows; all of them where there are fewer."""
    return rows if len(rows) < parts else rows[start % parts :: parts]


def _turns(rows: Sequence[pytest.Item], names: Sequence[str], start: int) -> Iterable[pytest.Item]:
    """One row of each combination of the factors that do not take turns; where there are fewer
    combinations than turns, rows with every value of every factor."""
    values = [row.callspec.params for row in rows]  # type: ignore[attr-defined]
    columns = {name: _numbered([row[name] for row in values]) for name in values[0]}
    others = [column for name, column in columns.items() if name not in names]
    groups: dict[tuple[int, ...], list[pytest.Item]] = {}
    for row, combination in zip(rows, zip(*others, strict=True), strict=False):
        groups.setdefault(combination, []).append(row)
    if others and len(groups) >= max(map(len, groups.values())):
        return [group[(start + sum(numbers)) % len(group)] for numbers, group in groups.items()]
    found = _covers([*zip(*columns.values(), strict=True)])
    return [rows[at] for at in found[start % len(found)]]


def _covers(rows: Sequence[tuple[int, ...]]) -> list[list[int]]:
    """Sets of rows, by their places, each with every value of every column. Together they are all
    rows: each set takes those that none has, as long as one of them shows a value."""
    left, found = [*range(len(rows))], list[list[int]]()
    while left:
        missing = {cell for row in rows for cell in enumerate(row)}
        cover: list[int] = []
        while missing:
            new = {at: len(missing.intersection(enumerate(rows[at]))) for at in left}
            if not any(new.values()):
                new = {at: len(missing.intersection(enumerate(row))) for at, row in enumerate(rows)}
            best = max(new, key=new.__getitem__)
            cover.append(best)
            missing.difference_update(enumerate(rows[best]))
            left = [at for at in left if at != best]
        found.append(cover)
    return found


def _numbered(values: Sequence[object]) -> list[int]:
    """Which of the different values each one is."""
    numbers: dict[object, int] = {}
    return [numbers.setdefault(_key(value), len(numbers)) for value in values]


def _key(value: object) -> object:
    try:
        hash(value)
    except TypeError:
        return id(value)
    return value
