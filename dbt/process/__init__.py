"""One guest program, from its file to the Stop that ends it. ``Process`` is the way in."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dbt.process.facade import Process

__all__ = ["Process"]


def __getattr__(name: str) -> Any:
    # The command line needs ``ending`` alone, at once; the facade loads nearly everything.
    if name == "Process":
        from dbt.process.facade import Process

        return Process
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
