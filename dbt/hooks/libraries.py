"""Hooks on libraries that are loaded, and hooks on functions that wait for their library.

A library is in memory when all its segments are: what maps files is watched (``mmap`` and
``mprotect``), after which the loader relocates it and calls its constructors. So hooks that are set
then miss nothing. While nobody waits, no system call is looked at.
"""

from collections.abc import Callable, Sequence

from dbt import choices
from dbt.environment import Environment, Loaded, is_named, split_library
from dbt.hooks.callbacks.events import LoadEvent, SyscallEvent
from dbt.hooks.machine import HookMachine
from dbt.hooks.points import Remove, take_out
from dbt.stops import UsageError
from dbt.typing import Any, Protocol, TypeAlias

LoadHook: TypeAlias = Callable[[LoadEvent], Any]
Add: TypeAlias = Callable[[], Remove]
_MAPPING = ("mmap2", "mmap", "mprotect")


class OnSyscall(Protocol):
    """``Hooks.on_syscall``."""

    def __call__(
        self, name: str, hook: Callable[[SyscallEvent], Any], *, leaving: bool
    ) -> Remove: ...


class Libraries:
    """The hooks of a process that wait for libraries."""

    def __init__(
        self, machine: HookMachine, environment: Environment, on_syscall: OnSyscall
    ) -> None:
        self._machine, self._environment, self._on_syscall = machine, environment, on_syscall
        self._hooks: list[tuple[str | None, LoadHook]] = []
        self._waiting: list[tuple[str, Callable[[], None]]] = []
        self._known: set[tuple[str, int]] = set()
        """Path and lowest address of what was in memory at the last look."""
        self._stop: list[Remove] = []

    def on_load(self, library: str | None, hook: LoadHook) -> Remove:
        """Call ``hook`` when a library (None: any) is in memory."""
        entry = (library, hook)
        self._begin()
        self._hooks.append(entry)

        def remove() -> None:
            take_out(self._hooks, entry)
            self._end()

        return remove

    def add_when_loaded(self, where: object, add: Add) -> Remove:
        """Call ``add`` when the library of ``where``, ``LIBRARY:SYMBOL``, is in memory, perhaps at
        once. Returns what undoes that. Raises UsageError for another kind of name."""
        library, _ = split_library(where) if isinstance(where, str) else ("", "")
        if not library:
            raise UsageError(
                "a pending hook is on LIBRARY:SYMBOL, as 'libfoo.so:bar', not"
                f" {choices.shown(where)}"
            )
        if any(is_named(image.path, library) for image in self._images()):
            return add()
        added: list[Remove] = []

        def set_it() -> None:
            added.append(add())

        entry = (library, set_it)
        self._begin()
        self._waiting.append(entry)

        def remove() -> None:
            take_out(self._waiting, entry)
            self._end()
            while added:
                added.pop()()

        return remove

    def forget(self) -> None:
        """Another program is in memory: nothing waits for a library of the old one. It is reported
        when something is mapped next, if it is wanted."""
        self._waiting.clear()
        self._known.clear()
        self._end()

    def close(self) -> None:
        """Remove all."""
        self._hooks.clear()
        self.forget()

    def _begin(self) -> None:
        if not self._stop:
            self._known = {(image.path, image.low) for image in self._images()}
            self._stop = [self._on_syscall(name, self._mapped, leaving=True) for name in _MAPPING]

    def _end(self) -> None:
        if not (self._hooks or self._waiting):
            while self._stop:
                self._stop.pop()()

    def _images(self) -> Sequence[Loaded]:
        return self._environment.symbolizer.loaded()

    def _mapped(self, event: SyscallEvent) -> None:
        """Something was mapped: see whether a library is whole now."""
        del event
        present = {(image.path, image.low): image for image in self._images()}
        known, self._known = self._known, set(present)
        for key, image in present.items():
            if key not in known:
                self._loaded(image.path, image.low, image.high)

    def _loaded(self, path: str, low: int, high: int) -> None:
        for entry in list(self._waiting):
            if is_named(path, entry[0]):
                take_out(self._waiting, entry)
                self._machine.call(lambda set_it: set_it(), entry[1])
        event = LoadEvent(self._machine, path, low, high)
        for library, hook in list(self._hooks):
            if library is None or is_named(path, library):
                self._machine.call(hook, event)
        self._end()
