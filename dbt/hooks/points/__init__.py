"""Points in guest code at which hooks run, how each kind enters the host, and conditions."""

from dbt.hooks.points.handlers import Handler, Points, Remove, take_out

__all__ = ["Handler", "Points", "Remove", "take_out"]
