"""The tables of the experiments' pages, one function each, from the JSON in a directory.

Each raises Missing when there is no result to show.
"""

import json
import re
import statistics
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs

from dbt.experiments.harness.presentation import Table
from dbt.experiments.reproduce.compare_runs import (
    DIFFERS,
    FIGURES,
    KINDS,
    Change,
    Comparison,
    compare,
    figure_cells,
    pairs,
    summary,
)
from dbt.experiments.reproduce.results import PRICE, SHARE, SLOWDOWN, Result, read

WATCHED = ("one", "all", "bash")
CHAINING = ("demo", "fib", "bytecode", "quicksort", "busybox")

Row = Mapping[str, Any]


class Missing(Exception):
    """A result that is not there; ``str`` is its name."""


def load(directory: Path, name: str) -> dict[str, Any]:
    """The JSON of an experiment. Raises Missing."""
    path = directory / f"{name}.json"
    if not path.exists():
        raise Missing(name)
    data: dict[str, Any] = json.loads(path.read_text())
    return data


def loaded(directory: Path, names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Those that are there. Raises Missing when none is."""
    found = {name: load(directory, name) for name in names if (directory / f"{name}.json").exists()}
    if not found:
        raise Missing(", ".join(names))
    return found


# -- Any experiment --------------------------------------------------------------------------------


def machine(directory: Path, names: Iterable[str]) -> Table:
    """Where and when each result was made."""
    rows = [
        {
            "result": f"[{name}]({name}.md)",
            "made (UTC)": data["machine"]["date"][:16].replace("T", " "),
            "processor": _processor(data["machine"]),
            "Python": data["machine"]["python"],
            "numba": data["machine"]["numba"],
            "rounds": data.get("repeats"),
            "load before": data["machine"]["load"].split()[0],
            "after": data.get("load_after", "-").split()[0],
        }
        for name, data in loaded(directory, names).items()
    ]
    return Table("Results", list(rows[0]), rows)


def _processor(facts: Mapping[str, str]) -> str:
    model = facts.get("cpu_model")
    return f"{facts['cores']} x {facts['cpu']}" + (f" ({model})" if model else "")


# -- Chaining --------------------------------------------------------------------------------------


def _chaining(directory: Path) -> dict[str, dict[str, Any]]:
    return loaded(directory, [f"chaining-{name}" for name in CHAINING])


def _grouped(directory: Path, series: str) -> dict[str, list[Row]]:
    """Rows of a series by program, tier and unit."""
    groups: dict[str, list[Row]] = {}
    for data in _chaining(directory).values():
        units = {row["unit"] for row in data["rows"]}
        for row in data["rows"]:
            if row["series"] == series:
                name = f"{data['program'].removesuffix('.elf')}, tier {row['tier']}"
                name += f", {row['unit']}" * (len(units) > 1)
                groups.setdefault(name, []).append(row)
    return groups


def programs(directory: Path) -> Table:
    """What the programs are like."""
    rows = []
    for data in _chaining(directory).values():
        profile = data["profile"]
        rows.append(
            {
                "program": data["program"].removesuffix(".elf"),
                "arguments": " ".join(data["args"])[:24],
                "instructions": profile["instructions"],
                "blocks": profile["blocks"],
                "instructions per block": profile["instructions_per_block"],
                "functions called": len(profile["functions"]),
                "everything chained, s": ", ".join(
                    f"{statistics.median(seconds):.3g} (tier {tier}, {unit})"
                    for (tier, unit), seconds in _bases(data).items()
                ),
            }
        )
    return Table("Programs", list(rows[0]), rows)


def _bases(data: Row) -> dict[tuple[str, str], list[float]]:
    return {
        (row["tier"], row["unit"]): row["base_seconds"]
        for row in data["rows"]
        if row["series"] == "kinds"
    }


def kinds(directory: Path) -> Table:
    """What each kind of edge is worth."""
    names = {"off": "nothing", "direct": "direct edges", "+returns": "and returns"}
    rows = []
    for group, found in _grouped(directory, "kinds").items():
        cells: dict[str, Any] = {"slow-down, chained:": group}
        for row in found:
            if row["kinds"] in names:
                cells[names[row["kinds"]]] = row["slowdown"]
            if row["kinds"] == "off":
                cells["returns to the dispatcher"] = sum(row["dispatches"].values())
                cells["ns each"] = row["ns_per_dispatch"]
        rows.append(cells)
    columns = ["slow-down, chained:", *names.values(), "returns to the dispatcher", "ns each"]
    return Table("Which kinds of edges may chain, against everything chained", columns, rows)


def denied(directory: Path) -> Table:
    """Slow-downs by number and order of denied targets; several draws in one cell."""
    rows = []
    columns: dict[str, None] = {}
    for group, found in _grouped(directory, "denied").items():
        cells: dict[str, Any] = {"slow-down, denied:": group}
        most = max(row["denied"] for row in found)
        for row in found:
            if not row["denied"]:
                continue
            number = "all" if row["denied"] == most < 100 else str(row["denied"])
            column = f"{row['label']} {number}"
            text = f"{row['slowdown']:.2f}"
            cells[column] = f"{cells[column]}, {text}" if column in cells else text
            columns[column] = None
        rows.append(cells)
    ordered = sorted(columns, key=lambda name: (name.split()[0], columns_order(name)))
    return Table("Targets denied, everything else chained", ["slow-down, denied:", *ordered], rows)


def columns_order(name: str) -> int:
    """``all`` after the numbers."""
    number = name.split()[1]
    return int(number) if number.isdecimal() else 1 << 32


def prices(directory: Path) -> Table:
    """Nanoseconds a denied entry, over all settings in which there are many."""
    rows = []
    for group, found in _grouped(directory, "denied").items():
        costs = sorted(row["ns_per_dispatch"] for row in found if row["ns_per_dispatch"])
        if costs:
            rows.append(
                {
                    "ns per denied entry": group,
                    "settings": len(costs),
                    "lowest": costs[0],
                    "median": statistics.median(costs),
                    "highest": costs[-1],
                }
            )
    columns = ("ns per denied entry", "settings", "lowest", "median", "highest")
    return Table("What one denied entry costs", columns, rows)


def frequency(directory: Path) -> Table:
    """One function denied: the price against how often it is called."""
    rows = [
        {
            "function denied": f"`{row['function']}` of {group}",
            "calls per 1,000 instructions": row["x"],
            "slow-down": row["slowdown"],
            "quartiles": "{:.3g}-{:.3g}".format(*row["slowdown_quartiles"]),
        }
        for group, found in _grouped(directory, "frequency").items()
        for row in found
        if row["x"] >= 0.1
    ]
    rows.sort(key=lambda row: -row["calls per 1,000 instructions"])
    columns = ("function denied", "calls per 1,000 instructions", "slow-down", "quartiles")
    return Table("One function denied (seldomer ones are in the pages of each)", columns, rows)


def lengths(directory: Path) -> Table:
    """What chaining is worth in blocks of at most so many instructions."""
    groups = _grouped(directory, "length")
    bounds = sorted({row["max_insns"] for found in groups.values() for row in found})
    rows = [
        {"slow-down, nothing chained, blocks of at most:": group}
        | {str(row["max_insns"]): row["slowdown"] for row in found}
        for group, found in groups.items()
    ]
    columns = ["slow-down, nothing chained, blocks of at most:", *map(str, bounds)]
    return Table("Nothing chained against everything, by block length", columns, rows)


# -- Interception ----------------------------------------------------------------------------------


def idioms(directory: Path) -> Table:
    """What each contender is right of, in both tiers."""
    rows: dict[str, dict[str, Any]] = {}
    columns: dict[str, None] = {}
    for tier in ("0", "2"):
        data = load(directory, f"idioms-tier{tier}")
        for contender in data["contenders"]:
            verdicts = [row["verdicts"][contender] for row in data["rows"]]
            name = contender.removeprefix(f"armdbt tier {tier}: ")
            peer = name == contender
            cells = rows.setdefault(name, {"contender": name})
            sums = {
                f"right of {len(verdicts)}": sum(
                    not (v["missed"] or v["spurious"] or v["note"]) for v in verdicts
                ),
                "missed": sum(v["missed"] for v in verdicts),
                "invented": sum(v["spurious"] for v in verdicts),
                "with a note": sum(bool(v["note"]) for v in verdicts),
            }
            for what, value in sums.items():
                column = what if peer or tier == "0" else f"{what}, compiled"
                cells[column] = value
                columns[column] = None
    return Table("Idioms, in tier 0 and compiled", ["contender", *columns], list(rows.values()))


def watched(directory: Path, name: str) -> Table:
    """What each contender saw, and at which price."""
    data = load(directory, name)
    rows = [
        {
            "contender": f"{row['group']}: {row['name']}",
            "missed": row.get("missed"),
            "invented": row.get("spurious"),
            "slow-down": row["slowdown"],
            "quartiles": "{:.3g}-{:.3g}".format(*row["slowdown_quartiles"]),
            "ns per event": row["ns_per_event"],
        }
        for row in data["rows"]
        if row["name"] != "none" and row["seconds"]
    ]
    title = (
        f"{' '.join([data['program'], *data['args']])}: {len(data['functions']):,} functions "
        f"watched, {data['truth_events']:,} events to find"
    )
    return Table(title, list(rows[0]), rows)


# -- Callbacks, and the second run -----------------------------------------------------------------


def callbacks(directory: Path) -> Table:
    """Each price of each hook."""
    data = load(directory, "callbacks-fib")
    rows = [
        {
            "tier": row["tier"],
            "hook": row["hook"],
            "price": row["price"],
            "ns per event": row["ns_per_event"],
            "slow-down": row["slowdown"],
            "quartiles": "{:.3g}-{:.3g}".format(*row["slowdown_quartiles"]),
        }
        for row in data["rows"]
        if row["price"]
    ]
    title = f"{data['program']} {' '.join(data['args'])}: {data['events']:,} calls and returns"
    return Table(title, list(rows[0]), rows)


SECOND, OTHER, ANOTHER_DAY = "second-run", "other-processor", "another-day"


def second_run(directory: Path) -> Table:
    """One row an experiment that has been made twice."""
    return summary(_compared(directory, directory / SECOND))


def second_run_differs(directory: Path) -> Table:
    """The figures that differ."""
    return _differing(_compared(directory, directory / SECOND), KINDS)


def _differing(compared: Iterable[Comparison], kinds: Collection[str]) -> Table:
    rows = [
        {**figure_cells(change), "configuration": f"{name}: {change.configuration}"}
        for name, change in _changes(compared)
        if change.verdict == DIFFERS and change.figure in kinds
    ]
    return Table("Figures that differ by more than noise", FIGURES[:-1], rows)


def another_day(directory: Path) -> Table:
    """One row an experiment that was made on the other processor on another day."""
    table = summary(_compared(directory / ANOTHER_DAY, directory / OTHER))
    return attrs.evolve(table, title="Another day, and this one: figures within noise")


def another_day_differs(directory: Path) -> Table:
    """The slow-downs that differ between the days."""
    return _differing(_compared(directory / ANOTHER_DAY, directory / OTHER), (SLOWDOWN, SHARE))


def other_processor(directory: Path) -> Table:
    """One row an experiment that has been made on another processor too."""
    table = summary(_compared(directory, directory / OTHER))
    return attrs.evolve(table, title="This processor, and another: figures within noise")


def other_figures(directory: Path) -> Table:
    """What matters most, wherever and whenever it was measured."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    compared = {where: _compared(directory, directory / where) for where in (OTHER, ANOTHER_DAY)}
    here = _made(compared[OTHER][0].old)
    made = {_made(one[0].new): one for one in compared.values()}
    for title, found in made.items():
        for name, change in _changes(found):
            if _matters(name, change):
                configuration = f"{name}: {change.configuration}"
                cells = rows.setdefault(
                    (configuration, change.figure),
                    {
                        "configuration": configuration,
                        "figure": change.figure,
                        here: statistics.median(change.old.values),
                    },
                )
                cells[title] = statistics.median(change.new.values)
    columns = ("configuration", "figure", here, *made)
    return Table("What the pages draw conclusions from", columns, list(rows.values()))


def _made(result: Result) -> str:
    """On which processor and when, in short."""
    return f"{re.split(r'[ (]', result.machine['cpu'])[0]}, {result.machine['date'][:10]}"


def _matters(experiment: str, change: Change) -> bool:
    """Nothing chained; one function watched; what an event costs."""
    if experiment.startswith("chaining"):
        return change.configuration.endswith("kinds: off")
    return experiment == "interception-one" or change.figure in (PRICE, SHARE)


def _changes(compared: Iterable[Comparison]) -> Iterator[tuple[str, Change]]:
    """Every figure of several comparisons, with the experiment's name."""
    for one in compared:
        for change in one.changes:
            yield Path(one.old.path).stem, change


def _compared(old: Path, new: Path) -> list[Comparison]:
    """What two directories have in common. Raises Missing when one of them has no results."""
    for directory in (old, new):
        if not any(directory.glob("*.json")):
            raise Missing(directory.name)
    return [compare(read(one), read(other)) for one, other in pairs([str(old), str(new)])]
