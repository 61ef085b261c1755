"""Finds frontends, backends and passes by entry point. Refuses two plug-ins with one name."""

from dbt import choices
from dbt.distributions import EntryPoint, entry_points
from dbt.stops import UsageError
from dbt.typing import Any

GROUPS = ("dbt.frontends", "dbt.backends", "dbt.passes")


def available(group: str) -> dict[str, EntryPoint]:
    """Entry points of a group by name. Raises UsageError when two differ but share a name."""
    found: dict[str, EntryPoint] = {}
    for point in entry_points(group):
        other = found.setdefault(point.name, point)
        if other.value != point.value:
            raise UsageError(
                f"two plug-ins of group {group} are called {point.name!r}: "
                f"{other.value} and {point.value}"
            )
    return found


def load(group: str, name: str) -> Any:
    """Import the object that an entry point names. Raises UsageError for an unknown name."""
    points = available(group)
    kind = group.rpartition(".")[2].removesuffix("s")
    return points[choices.one_of(kind, name, sorted(points))].load()
