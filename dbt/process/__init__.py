"""Runs one guest program. ``Process`` is the way in; the other modules are its parts."""

from dbt.typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dbt.process.facade import Process

__all__ = ["Process"]


def __getattr__(name: str) -> Any:
    # The command line imports ``ending`` when it starts; the facade imports nearly everything.
    if name == "Process":
        from dbt.process.facade import Process

        return Process
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
