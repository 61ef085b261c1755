"""What a fork of this process waits for: what other threads are amid, for a forked child could
neither finish it nor take its locks.

That is imports of the modules that make and run code, compilers, and what else is given to
``held_at_fork``. Locks are taken in the order in which those who work take them, the innermost
last: the first one that was registered.
"""

import _imp
import importlib
import os
import sys
import threading
import time
from collections.abc import Callable

from dbt.typing import Any

PACKAGES = frozenset({"dbt", "backends", "frontends", "llvmlite", "numba", "elftools", "capstone"})
"""What a child may have to import. Others may import for as long as they like."""
PATIENCE = 30.0
"""Seconds to wait for imports, at most."""
_PAUSE = 0.001

_forking = threading.RLock()
_held: list[Callable[[], object]] = []
"""What lets go again, of what the thread that forks has taken."""


def held_at_fork(lock: Any) -> Any:
    """Return a lock that the thread holds which forks. It may have it before (an RLock)."""
    os.register_at_fork(
        before=lock.acquire, after_in_parent=lock.release, after_in_child=lock.release
    )
    return lock


def _before() -> None:
    """Wait for numba, for imports, then for LLVM: in this order they need each other."""
    _forking.acquire()
    _held.append(_forking.release)
    numba = getattr(sys.modules.get("numba.core.compiler_lock"), "global_compiler_lock", None)
    if numba is not None:
        numba.acquire()
        _held.append(numba.release)
    _await_imports()
    _held.append(_imp.release_lock)
    library = getattr(sys.modules.get("llvmlite.binding.ffi"), "lib", None)
    if library is not None:  # it locks each call
        lock = library._lock
        lock.__enter__()
        _held.append(lambda: lock.__exit__(None, None, None))


def _after() -> None:
    while _held:
        _held.pop()()


def _await_imports() -> None:
    """Take the lock with which each import begins, when none is underway in another thread."""
    until = time.monotonic() + PATIENCE
    while True:
        _imp.acquire_lock()
        if not _others_import() or time.monotonic() > until:
            return
        _imp.release_lock()
        time.sleep(_PAUSE)


def _others_import() -> bool:
    """Whether another thread imports a module of ``PACKAGES``."""
    locks: dict[str, Any] = getattr(importlib._bootstrap, "_module_locks", {})
    found = (lock() for name, lock in list(locks.items()) if name.partition(".")[0] in PACKAGES)
    owners = {getattr(lock, "owner", None) for lock in found}
    return bool(owners - {None, threading.get_ident()})


os.register_at_fork(before=_before, after_in_parent=_after, after_in_child=_after)
