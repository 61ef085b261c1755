"""Hooks: Python functions called when the guest calls, returns or makes a system call."""

import importlib

from dbt.stops import StopRequested
from dbt.typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dbt.hooks.callbacks.callback import Callback, CallbackError
    from dbt.hooks.callbacks.events import (
        BlockEvent,
        CallEvent,
        InstructionEvent,
        LoadEvent,
        MemoryEvent,
        ReturnEvent,
        SyscallEvent,
    )
    from dbt.hooks.registry import Hooks

__all__ = [
    "BlockEvent",
    "CallEvent",
    "Callback",
    "CallbackError",
    "Hooks",
    "InstructionEvent",
    "LoadEvent",
    "MemoryEvent",
    "ReturnEvent",
    "StopRequested",
    "SyscallEvent",
]

_HOMES = {
    "BlockEvent": "dbt.hooks.callbacks.events",
    "CallEvent": "dbt.hooks.callbacks.events",
    "Callback": "dbt.hooks.callbacks.callback",
    "CallbackError": "dbt.hooks.callbacks.callback",
    "Hooks": "dbt.hooks.registry",
    "InstructionEvent": "dbt.hooks.callbacks.events",
    "LoadEvent": "dbt.hooks.callbacks.events",
    "MemoryEvent": "dbt.hooks.callbacks.events",
    "ReturnEvent": "dbt.hooks.callbacks.events",
    "SyscallEvent": "dbt.hooks.callbacks.events",
}


def __getattr__(name: str) -> Any:
    # A process has the parts that hooks need, and few processes have hooks.
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
