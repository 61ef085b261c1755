"""Hooks: Python functions called when the guest calls, returns or makes a system call."""

from dbt.hooks.events import CallEvent, ReturnEvent, StopRequested, SyscallEvent
from dbt.hooks.registry import Hooks

__all__ = ["CallEvent", "Hooks", "ReturnEvent", "StopRequested", "SyscallEvent"]
