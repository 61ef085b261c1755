"""What the user may choose about the guest's world."""

from collections.abc import Callable
from typing import Any

from dbt import choices
from dbt.classes import attrs

STACK_GAP = 128 << 20
"""Bytes at the top of a program's memory that are kept for the stack: mappings begin below them
(MIN_GAP)."""
SMALLEST_STACK, LARGEST_STACK = 256 << 10, STACK_GAP - (1 << 20)
"""Bytes: room for arguments (ARG_MAX) and some calls, and what there is below the libraries."""


def _directory(path: Any) -> str | None:
    return None if path is None else choices.directory(path)


def _directories(paths: Any) -> tuple[str, ...]:
    return tuple(choices.directory(path) for path in choices.several("directories", paths))


def _strace(given: Any) -> bool:
    return choices.truth("strace", given)


def _strace_log(given: Any) -> Callable[[str], None] | None:
    return None if given is None else choices.function("strace_log", given, "line")


def _stack_size(given: Any) -> int:
    return choices.whole("stack_size", given, least=SMALLEST_STACK, most=LARGEST_STACK)


def _seed(given: Any) -> int | None:
    return None if given is None else choices.whole("seed", given)


@attrs.define
class LinuxOptions:
    """What the user may choose about the guest's world. Raises UsageError."""

    root: str | None = attrs.field(default=None, converter=_directory)
    """Where ``/`` of the guest is looked up first (qemu-arm's -L)."""
    allow_read: tuple[str, ...] = attrs.field(default=(), converter=_directories)
    allow_write: tuple[str, ...] = attrs.field(default=(), converter=_directories)
    """Host directories below which the guest may read, and write; one alone may be given so."""
    cwd: str | None = attrs.field(default=None, converter=_directory)
    strace: bool = attrs.field(default=False, converter=_strace)
    strace_log: Callable[[str], None] | None = attrs.field(default=None, converter=_strace_log)
    """Where strace lines go; None: standard error."""
    stack_size: int = attrs.field(default=8 << 20, converter=_stack_size)
    seed: int | None = attrs.field(default=None, converter=_seed)
    """Makes AT_RANDOM and getrandom repeatable."""
