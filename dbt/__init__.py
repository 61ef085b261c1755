"""armdbt: a dynamic binary translator for 32-bit ARM Linux programs, made to be experimented with.

``Process`` is the way in; ``armdbt --help`` shows the command line.
"""

import importlib

from dbt.typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dbt.hooks import StopRequested
    from dbt.hooks.arrays import RecordingFull
    from dbt.interfaces import BackendOptions
    from dbt.linux.options import LinuxOptions
    from dbt.process.facade import Process
    from dbt.process.replay import Replay, replay
    from dbt.process.snapshots import Snapshot
    from dbt.stops import CallFailed, GuestFault, UsageError
    from dbt.sweeping import sweep

__version__ = "0.1.0"
CAPTURE = -1
"""For ``stdout`` and ``stderr`` of a Process: keep what the guest writes."""
__all__ = [
    "CAPTURE",
    "BackendOptions",
    "CallFailed",
    "GuestFault",
    "LinuxOptions",
    "Process",
    "RecordingFull",
    "Replay",
    "Snapshot",
    "StopRequested",
    "UsageError",
    "__version__",
    "replay",
    "sweep",
]

_HOMES = {
    "Process": "dbt.process.facade",
    "BackendOptions": "dbt.interfaces",
    "LinuxOptions": "dbt.linux.options",
    "StopRequested": "dbt.hooks",
    "CallFailed": "dbt.stops",
    "GuestFault": "dbt.stops",
    "UsageError": "dbt.stops",
    "RecordingFull": "dbt.hooks.arrays",
    "Snapshot": "dbt.process.snapshots",
    "Replay": "dbt.process.replay",
    "replay": "dbt.process.replay",
    "sweep": "dbt.sweeping",
}


def __getattr__(name: str) -> Any:
    # Most of the package is not needed to import one of its parts.
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)  # not what this module imports
