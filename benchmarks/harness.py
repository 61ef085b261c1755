"""What every benchmark shares; what the laboratories need too is in ``dbt/experiments``."""

import argparse
from collections.abc import Callable, Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from dbt.experiments.harness.host_facts import machine_facts
from dbt.experiments.harness.measure import Timing
from dbt.experiments.harness.presentation import print_table, write_json

__all__ = [
    "GUESTS",
    "arguments",
    "interleave",
    "machine_facts",
    "report",
]

GUESTS = Path(__file__).resolve().parent / "guests"
Name = TypeVar("Name", bound=Hashable)


def interleave(contenders: Mapping[Name, Callable[[], float]], repeats: int) -> dict[Name, Timing]:
    """Run each contender once per round, so that a slow spell of the machine hits all of them.

    A contender returns its seconds.
    """
    taken: dict[Name, list[float]] = {name: [] for name in contenders}
    for _ in range(repeats):
        for name, contender in contenders.items():
            taken[name].append(contender())
    return {name: Timing(tuple(seconds)) for name, seconds in taken.items()}


# -- Command line and output -----------------------------------------------------------------------


def arguments(description: str | None, argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The options that all benchmarks have."""
    parser = argparse.ArgumentParser(description=(description or "").partition("\n")[0])
    parser.add_argument("--short", action="store_true", help="one quick round, to see that it runs")
    parser.add_argument("--repeats", type=int, default=None, help="rounds (5; short: 1)")
    parser.add_argument("--json", type=Path, help="write the results there")
    parser.add_argument("--only", action="append", default=[], help="only these programs")
    options = parser.parse_args(argv)
    if options.repeats is None:
        options.repeats = 1 if options.short else 5
    return options


def report(
    title: str,
    columns: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
    options: argparse.Namespace,
) -> None:
    """Print the rows as a table; with --json, write them first, with the machine facts."""
    if options.json:
        result = {"benchmark": title, "machine": machine_facts(), "rows": list(rows)}
        options.json.parent.mkdir(parents=True, exist_ok=True)
        write_json(str(options.json), result)
    print_table(title, columns, rows)
