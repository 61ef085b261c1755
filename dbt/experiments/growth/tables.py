"""The tables of the growth laboratory, from its JSON."""

from collections.abc import Mapping
from typing import Any

from dbt.experiments.harness.presentation import Table

Result = Mapping[str, Any]
GROWING = (
    "first run, s", "second run, s", "adding, s", "removing, s", "memory, B", "memory added, B",
    "copied code, B", "Python objects", "blocks",
)  # fmt: skip
"""The figures that a line is fitted to."""
STRAIGHT = 0.1
"""How far from 1 the exponent of a straight line is at most."""
TITLES = {
    "code": "Code, tier 0",
    "code-counted": "Code, tier auto: copied, with executions counted",
    "code-compiled": "Code, tier 2: units of one block",
    "denied": "Targets denied in one call, before the first run",
    "denied-live": "Targets denied one by one, after the first run",
    "hooks": "Hooks on calls (entry), before the first run",
    "hooks-live": "Hooks on calls (entry), after the first run",
    "watched-live": "Hooks on calls (dispatch), after the first run",
    "rewrites": "One function rewritten in its place",
    "rewrites-pages": "A function rewritten on 64 pages in turn",
    "rewrites-sizes": "Functions of 4 to 64 words, rewritten on 3 pages in turn",
}


def tables(result: Result) -> list[Table]:
    """All tables: what is straight, then the figures."""
    found = [lines(result)] if result["fits"] else []
    for kind in ("code", "targets"):
        found += [amounts(result, one) for one in result["series"] if one["kind"] == kind]
    if any(one["kind"] == "rewrites" for one in result["series"]):
        found.append(rewrites(result))
    return found


def lines(result: Result) -> Table:
    """The line through each figure; what is least straight comes first."""
    rows = [
        {
            "series": one["series"],
            "figure": one["figure"],
            "for each one": _each(one),
            "exponent": one["exponent"],
            "off the line": f"{one['residual']:.1%}",
            "straight": is_straight(one),
        }
        for one in sorted(result["fits"], key=_bend, reverse=True)
    ]
    columns = ("series", "figure", "for each one", "exponent", "off the line", "straight")
    return Table(f"Lines through the medians ({_sizes(result)})", columns, rows)


def _each(one: Mapping[str, Any]) -> str:
    """The slope in microseconds, bytes, or as a number."""
    figure, slope = one["figure"], one["slope"]
    if figure.endswith(", s"):
        return f"{1e6 * slope:,.3g} µs"
    return f"{slope:,.0f} bytes" if figure.endswith(", B") else f"{slope:.3g}"


def is_straight(one: Mapping[str, Any]) -> bool | None:
    """Whether figures grow as a straight line, by their exponent."""
    return None if one["exponent"] is None else one["exponent"] <= 1 + STRAIGHT


def _bend(one: Mapping[str, Any]) -> float:
    return -1.0 if one["exponent"] is None else float(one["exponent"])


def amounts(result: Result, series: Mapping[str, Any]) -> Table:
    """The figures of a series by its amounts."""
    rows = [row for row in result["rows"] if row["series"] == series["name"]]
    return Table(
        f"{TITLES[series['name']]} ({_sizes(result)})",
        (f"{series['unit']}s", *_columns(series["kind"])),
        [{f"{series['unit']}s": row["amount"], **_cells(series["kind"], row)} for row in rows],
    )


def _columns(kind: str) -> tuple[str, ...]:
    if kind == "code":
        return ("blocks", "first run, s", "µs per instruction", "second run, s", "memory, MB",
                "bytes per instruction", "of that code", "Python objects", "spread")  # fmt: skip
    return ("adding, s", "first run, s", "second run, s", "removing, s", "memory, MB", "spread")


def _cells(kind: str, row: Mapping[str, Any]) -> dict[str, Any]:
    medians = row["medians"]
    cells = {
        name: medians.get(name)
        for name in ("first run, s", "second run, s", "adding, s", "removing, s")
    }
    cells["memory, MB"] = medians["memory, B"] / 1e6
    cells["spread"] = spread(row, "first run, s")
    if kind == "code":
        made = medians["instructions"]
        cells["µs per instruction"] = 1e6 * medians["first run, s"] / made
        cells["bytes per instruction"] = medians["memory, B"] / made
        cells["of that code"] = medians["copied code, B"] / made
        for name in ("blocks", "Python objects"):
            cells[name] = int(medians[name])
    return cells


def spread(row: Mapping[str, Any], figure: str) -> str:
    """(largest - smallest) / median of a figure over the rounds."""
    found, median = row["all"][figure], row["medians"][figure]
    return f"{(max(found) - min(found)) / median:.0%}" if median else "-"


def rewrites(result: Result) -> Table:
    """Time and memory of code that is rewritten."""
    names = [one["name"] for one in result["series"] if one["kind"] == "rewrites"]
    rows = []
    for row in result["rows"]:
        if row["series"] not in names:
            continue
        medians, samples = row["medians"], row["samples"][-1]
        rows.append(
            {
                "code": TITLES[row["series"]],
                "rewrites": row["amount"],
                "µs per rewrite": 1e6 * medians["time, s"] / row["amount"],
                "MB after a tenth": samples[len(samples) // 10][1] / 1e6,
                "MB at the end": samples[-1][1] / 1e6,
                "grown since, bytes per rewrite": medians["memory grown after a tenth, B"]
                / row["amount"],
                "spread": spread(row, "time, s"),
            }
        )
    columns = ("code", "rewrites", "µs per rewrite", "MB after a tenth", "MB at the end",
               "grown since, bytes per rewrite", "spread")  # fmt: skip
    return Table(f"Code that is rewritten ({_sizes(result)})", columns, rows)


def _sizes(result: Result) -> str:
    return f"{'short' if result['short'] else 'whole'} amounts, {result['repeats']} rounds"
