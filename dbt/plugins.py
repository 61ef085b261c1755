"""Frontends, backends and passes by entry point. Two plug-ins of one name are refused."""

from importlib.metadata import EntryPoint, entry_points
from typing import Any

from dbt.stops import UsageError

GROUPS = ("dbt.frontends", "dbt.backends", "dbt.passes")


def available(group: str) -> dict[str, EntryPoint]:
    """Entry points of a group by name. Raises UsageError when two differ but share a name."""
    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=group):
        other = found.setdefault(point.name, point)
        if other.value != point.value:
            raise UsageError(
                f"two plug-ins of group {group} are called {point.name!r}: "
                f"{other.value} and {point.value}"
            )
    return found


def load(group: str, name: str) -> Any:
    """Import what an entry point names. Raises UsageError for an unknown name."""
    points = available(group)
    if name not in points:
        kind = group.rpartition(".")[2].removesuffix("s")
        raise UsageError(f"no {kind} called {name!r}; there is {', '.join(sorted(points))}")
    return points[name].load()
