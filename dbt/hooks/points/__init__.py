"""Where hooks stand in guest code, what leads from there to the host, and what conditions ask."""

from dbt.hooks.points.handlers import Handler, Points, Remove, take_out

__all__ = ["Handler", "Points", "Remove", "take_out"]
