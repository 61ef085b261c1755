"""Hooks: Python functions called when the guest calls, returns or makes a system call."""

from dbt.hooks.callbacks import Callback, CallbackError
from dbt.hooks.callbacks.events import CallEvent, ReturnEvent, StopRequested, SyscallEvent
from dbt.hooks.registry import Hooks

__all__ = [
    "CallEvent",
    "Callback",
    "CallbackError",
    "Hooks",
    "ReturnEvent",
    "StopRequested",
    "SyscallEvent",
]
