"""Reads the JSON of an experiment as figures, which have noise, and exact counts."""

import json
import statistics
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import attrs

from dbt.stops import UsageError

Row = Mapping[str, Any]

SLOWDOWN, PRICE, SHARE = "slow-down", "ns/event", "of Unicorn's"
"""Figures: time divided by that of the base in the same round; what an event costs, which depends
on the machine; that divided by what Unicorn takes for an event in the same round, which depends on
it less."""

TIMED_REASONS = frozenset({"budget"})
"""Reasons to return to the dispatcher that depend on the clock, so that their counts vary."""


@attrs.frozen
class Figure:
    """The values of one figure, in the order of the rounds."""

    values: tuple[float, ...]
    own: float = 0.0
    """What the program itself takes, in the figure's unit: its noise is in the figure."""


@attrs.frozen
class Configuration:
    """One row of a result: figures, which have noise, and counts, which have none."""

    name: str
    figures: Mapping[str, Figure]
    counts: Mapping[str, object]


@attrs.frozen
class Result:
    """One run of an experiment."""

    path: str
    experiment: str
    subject: tuple[object, ...]
    """What was run: results of different subjects are not compared."""
    machine: Mapping[str, str]
    configurations: Mapping[str, Configuration]


def read(path: str) -> Result:
    """Read the JSON that a laboratory has written (``--json``). Raises UsageError for anything
    else."""
    try:
        with open(path, encoding="utf-8") as stream:
            data = json.load(stream)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(f"{path}: no JSON: {error}") from None
    try:
        experiment = data["experiment"]
        found = {one.name: one for one in READERS[experiment](data)}
        subject = (data.get("program"), *data.get("args", ()), *data.get("truth_args", ()))
        machine = {"date": "", **data["machine"]}
        return Result(path, experiment, subject, machine, found)
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        what = f"{type(error).__name__}: {error}"
        raise UsageError(f"{path}: no result of armdbt bench ({what})") from None


# -- The kinds -------------------------------------------------------------------------------------


def _chaining(data: Row) -> Iterator[Configuration]:
    for row in data["rows"]:
        what = row["function"] or row["label"]
        if row["draw"] is not None:
            what += f" {row['draw'] + 1}"
        if row["series"] == "denied":
            what += f", {row['denied']} denied"
        if row["series"] == "length":
            what = f"at most {row['max_insns']} instructions"
        name = f"tier {row['tier']} {row['unit']}, {row['series']}: {what}"
        counts = {key: row[key] for key in ("instructions", "output_sha256", "blocks")}
        yield Configuration(name, _slowdown(row), {**counts, **_dispatches(row)})


def _interception(data: Row) -> Iterator[Configuration]:
    yardstick = _prices(data, group="unicorn", name="block")
    for row in data["rows"]:
        if row["seconds"] is None:  # it refused the program
            yield Configuration(f"{row['group']}: {row['name']}", {}, {"takes part": False})
            continue
        keys = ("found", "missed", "spurious", "events", "guest_agrees", "retranslated")
        counts = {key: row.get(key) for key in keys}
        figures = _slowdown(row)
        if row["ns_per_event"] is not None:
            figures |= _priced(row, yardstick)
        name = f"{row['group']}: {row['name']}"
        yield Configuration(name, figures, {**counts, **_dispatches(row)})


def _callbacks(data: Row) -> Iterator[Configuration]:
    for row in data["rows"]:
        name = f"tier {row['tier']}: {row['hook']} {row['price']}".rstrip()
        subject = {"program": row["program"]} if "program" in row else {}
        if subject:
            name = f"{row['program']}, {name}"
        yardstick = _prices(data, tier="unicorn", price="python", **subject)
        counts = {"events": row["events"], "instructions": row["instructions"]}
        figures = _slowdown(row)
        if figures:
            figures |= _priced(row, yardstick)
        yield Configuration(name, figures, counts)


def _idioms(data: Row) -> Iterator[Configuration]:
    for row in data["rows"]:
        for contender, verdict in row["verdicts"].items():
            counts = {"events": row["events"], **verdict}
            yield Configuration(f"{row['idiom']}, {contender}", {}, counts)


def _speed(data: Row) -> Iterator[Configuration]:
    for row in data["rows"]:
        name = f"{row['group']} {row['program']} {row['argument']}".rstrip()
        counts = {key: row[key] for key in ("statuses", "output_sha256")}
        yield Configuration(f"{name}, {row['contender']}", _slowdown(row), counts)


READERS: Mapping[str, Callable[[Row], Iterator[Configuration]]] = {
    "chaining": _chaining,
    "interception": _interception,
    "callbacks": _callbacks,
    "idioms": _idioms,
    "speed": _speed,
}
"""Maps the name of an experiment in its JSON to the function that reads its rows."""


def _slowdown(row: Row) -> dict[str, Figure]:
    """The ratio to the base in each round; nothing for the base itself."""
    own, base = row["seconds"], row["base_seconds"]
    if own == base:
        return {}
    ratios = [mine / other for mine, other in zip(own, base, strict=True) if other > 0]
    return {SLOWDOWN: Figure(tuple(ratios))} if ratios else {}


def _priced(row: Row, yardstick: list[float]) -> dict[str, Figure]:
    """What an event costs, and that divided by the yardstick's, if there is one."""
    own, base, events = row["seconds"], row["base_seconds"], row["events"]
    prices = [(mine - other) / events * 1e9 for mine, other in zip(own, base, strict=True)]
    program = min(base) / events * 1e9
    figures = {PRICE: Figure(tuple(prices), program)}
    if len(yardstick) == len(prices) and prices != yardstick:
        shares = tuple(price / unit for price, unit in zip(prices, yardstick, strict=True))
        figures[SHARE] = Figure(shares, program / statistics.median(yardstick))
    return figures


def _prices(data: Row, **which: str) -> list[float]:
    """What an event cost in each round, in the row with the cells ``which``; empty if there is
    none."""
    for row in data["rows"]:
        if row["seconds"] and row["events"] and which.items() <= row.items():
            return list(_priced(row, [])[PRICE].values)
    return []


def _dispatches(row: Row) -> dict[str, object]:
    return {
        f"dispatches: {reason}": count
        for reason, count in row["dispatches"].items()
        if reason not in TIMED_REASONS
    }
