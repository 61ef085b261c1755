"""The tables of a result of ``bench callbacks``."""

import shlex
from collections.abc import Mapping
from typing import Any

from dbt.experiments.callbacks.rows import NOTHING, QEMU, UNICORN
from dbt.experiments.harness.presentation import Table

COLUMNS = (
    "tier",
    "hook",
    "price",
    "events",
    "ns/event",
    "slow-down",
    "quartiles",
    "speed kept",
    "seconds",
    "translating",
)


def tables(result: Mapping[str, Any]) -> list[Table]:
    """The table of all cases of each program; in front of them, if there are several programs, how
    much of its speed each keeps."""
    subjects = list(dict.fromkeys(row.get("program") for row in result["rows"]))
    single = [_of_program(result, subject) for subject in subjects]
    return single if len(single) == 1 else [_kept(result), *single]


def _of_program(result: Mapping[str, Any], subject: str | None) -> Table:
    events = result["events"] if subject is None else result["events"][subject]
    shown = subject or shlex.join([result["program"], *result["args"]])
    title = (
        f"A hook at every call and return of {shown}, or what is named: "
        f"{events:,} calls and returns, {result['repeats']} rounds"
    )
    rows = [row for row in result["rows"] if row.get("program") == subject]
    return Table(title, COLUMNS, [_cells(row) for row in rows])


def _kept(result: Mapping[str, Any]) -> Table:
    """For each program and tier the seconds of the program alone, how much of its speed is kept in
    each row, and the seconds of peers alone."""
    lines: dict[tuple[str, str], dict[str, Any]] = {}
    alone: dict[tuple[str, str], float] = {}
    for row in result["rows"]:
        if row["hook"] == NOTHING:
            alone[row["program"], row["tier"]] = row["median_s"]
        if row["tier"] in (UNICORN, QEMU):
            continue
        line = lines.setdefault((row["program"], row["tier"]), {})
        if row["hook"] != NOTHING:
            line[f"{row['hook']}, {row['price']}"] = _share(row)
    columns = list(dict.fromkeys(column for line in lines.values() for column in line))
    shown = [
        {"program": program, "tier": tier, "alone, s": alone[program, tier], **line}
        | {f"{peer}, s": alone.get((program, peer)) for peer in (UNICORN, QEMU)}
        for (program, tier), line in lines.items()
    ]
    title = "Speed kept: medians of the ratios to the same tier without a hook, in the same round"
    peers = [f"{peer}, s" for peer in (UNICORN, QEMU)]
    return Table(title, ("program", "tier", "alone, s", *columns, *peers), shown)


def _share(row: Mapping[str, Any]) -> str | None:
    return f"{100 * row['speed_kept']:.0f} %" if row["speed_kept"] and row["price"] else None


def _cells(row: Mapping[str, Any]) -> dict[str, Any]:
    spread = row["slowdown_quartiles"]
    return {
        "tier": row["tier"],
        "hook": row["hook"],
        "price": row["price"] or None,
        "events": row["events"] or None,
        "ns/event": row["ns_per_event"],
        "slow-down": row["slowdown"],
        "quartiles": f"{spread[0]:.2f}-{spread[1]:.2f}" if spread and row["price"] else None,
        "speed kept": _share(row),
        "seconds": row["median_s"],
        "translating": row["translation_s"],
    }
