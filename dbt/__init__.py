"""armdbt: a dynamic binary translator for 32-bit ARM Linux programs, made to be experimented with.

``Process`` is the way in; ``armdbt --help`` shows the command line.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dbt.process import Process

__version__ = "0.1.0"
__all__ = ["Process", "__version__"]


def __getattr__(name: str) -> Any:
    # Most of the package is not needed to import one of its parts.
    if name == "Process":
        from dbt.process import Process

        return Process
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
