"""Hooks on accesses to memory, by one of two mechanisms.

``pages``
    The pages are watched: translated code may not access them, and stops there as it does at a
    store to a page with translated code. The evaluator executes the instruction, and reports its
    accesses. All other code stays as it is, so this costs nothing until one of the pages is
    accessed, and then, say, a hundred microseconds for each instruction that does.
``code``
    A pass puts a test, and a call of Python, behind every access of the program, which is
    translated anew. This costs at all accesses, less than a microsecond at those that it reports,
    and does not slow down what shares a page with the memory in question.

Both run the same pass (``points/access_reports.py``), on instructions that are executed one by one
or on all, so their events are the same.
"""

import itertools
from collections.abc import Callable, Collection

from dbt import choices
from dbt.environment import Environment, Symbols
from dbt.hooks.callbacks.events import MemoryEvent
from dbt.hooks.machine import HookMachine
from dbt.hooks.points import Remove
from dbt.hooks.points.access_reports import ALL, LEFT, SIZE, WRITES, ReportAccesses
from dbt.hooks.points.accesses import READ, WRITE
from dbt.hooks.points.conditions import Condition
from dbt.interfaces import PAGE
from dbt.interfaces import READ as MAY_READ
from dbt.interfaces import WRITE as MAY_WRITE
from dbt.stops import UsageError
from dbt.typing import Any

MECHANISMS = ("auto", "pages", "code")
MOST_WATCHED = 16 << 20
"""Bytes that the mechanism ``pages`` watches for one hook: each page is treated by itself."""
MOST_PAGES = 16
"""Pages that ``auto`` watches. Of more, it takes it that the program accesses them often."""
_MOST_NOTES = 64
KINDS = {"r": (READ,), "w": (WRITE,), "rw": (READ, WRITE)}
_NAMES = {READ: "read", WRITE: "write"}
MemoryHook = Callable[[MemoryEvent], Any]
Within = Callable[[int], bool]


def memory_at(
    where: range | str | None, environment: Environment, machine: HookMachine
) -> tuple[range, Within | None]:
    """The memory that a user names: its addresses, or addresses that it may have and a function
    that tells whether one of them is in it. Raises UsageError."""
    if where is None:
        return ALL, None
    if where == "stack":
        pointer, state = machine.call_abi.stack, machine.state
        return ALL, lambda address: address in environment.mapping(state.get(pointer))
    if where == "heap":
        return ALL, lambda address: address in environment.heap()
    if isinstance(where, range):
        found = where
    elif isinstance(where, str):
        found = _named(where, environment.symbolizer)
    else:
        raise UsageError(
            f"memory is a range, as range(0x8000, 0x8004), or a text, not {choices.shown(where)}"
        )
    if not found or found.step != 1 or found.start < 0 or found.stop > 1 << 32:
        raise UsageError(f"memory {choices.shown(where)} is no range of guest addresses")
    return found, None


def _named(text: str, symbols: Symbols) -> range:
    """The addresses of a variable; or of as many bytes as are wanted, from a symbol or an address
    on (``NAME+SIZE``). Raises UsageError."""
    name, plus, size = text.rpartition("+")
    if not plus:
        found = symbols.extent(text)
        if not found:
            raise UsageError(f"the size of {text} is not known: write {text}+SIZE")
        return found
    try:
        count = int(size, 0)
    except ValueError:
        raise UsageError(f"memory {choices.shown(text)}: {size!r} is no number of bytes") from None
    try:
        start = int(name, 0)
    except ValueError:
        start = symbols.extent(name).start
    return range(start, start + count)


class MemoryHooks:
    """The hooks on memory of a process."""

    def __init__(self, machine: HookMachine) -> None:
        self._machine = machine
        self._numbers = itertools.count()
        self._pages: dict[int, list[int]] = {}
        """By number of a watched page, what each hook wants to know of it."""
        self._removers: list[Remove] = []

    def add(
        self,
        where: range,
        hook: MemoryHook,
        kinds: Collection[int],
        condition: Condition | None,
        mechanism: str,
        within: Within | None = None,
    ) -> Remove:
        """Call ``hook`` behind each access of some ``kinds`` that touches ``where`` and is
        ``within``, as the address tells when it is made. Returns what undoes it."""
        pages = range(where.start // PAGE, (where.stop - 1) // PAGE + 1)
        if mechanism == "auto":
            mechanism = "pages" if len(pages) <= MOST_PAGES else "code"
        report = _Report(self._machine, hook, within)
        name = f"memory-hook-{next(self._numbers)}"
        self._machine.functions.define(f"{name}.before", report.note)
        self._machine.functions.define(name, report.accessed)
        pass_ = ReportAccesses(name, where, kinds, condition)
        if mechanism == "code":
            remove = self._machine.instrument(pass_)
        else:
            remove = self._watch(pages, kinds, pass_)

        def undo() -> None:
            if not report.is_over:
                report.is_over = True
                self._removers.remove(undo)
                remove()

        self._removers.append(undo)
        return undo

    def __len__(self) -> int:
        """How many there are."""
        return len(self._removers)

    def clear(self) -> None:
        """Remove all."""
        for remove in list(self._removers):
            remove()

    def _watch(self, pages: range, kinds: Collection[int], pass_: ReportAccesses) -> Remove:
        passes = self._machine.engine.step_passes
        accesses = MAY_READ * (READ in kinds) | MAY_WRITE * (WRITE in kinds)
        passes.append(pass_)
        for page in pages:
            self._pages.setdefault(page, []).append(accesses)
            self._renew(page)

        def remove() -> None:
            passes.remove(pass_)
            for page in pages:
                self._pages[page].remove(accesses)
                self._renew(page)

        return remove

    def _renew(self, page: int) -> None:
        """Have translated code stop at what the hooks of a page want to know."""
        wanted = 0
        for accesses in self._pages[page]:
            wanted |= accesses
        if not self._pages[page]:
            del self._pages[page]
        self._machine.memory.watch(page, wanted)


class _Report:
    """Makes the events of one hook."""

    def __init__(self, machine: HookMachine, hook: MemoryHook, within: Within | None) -> None:
        self._machine, self._hook, self._within = machine, hook, within
        self._notes: dict[int, int] = {}
        """What was in memory before writes that are about to be made, by address."""
        self.is_over = False
        """The hook was removed; code may still call this."""

    def note(self, _: int, address: int, size: int) -> None:
        """Something is about to be written."""
        if len(self._notes) >= _MOST_NOTES:  # of writes that were refused
            self._notes.clear()
        memory = self._machine.memory
        if memory.mapped(address, size):
            self._notes[address] = int.from_bytes(memory.peek(address, size), "little")

    def accessed(self, _: int, pc: int, address: int, what: int, value: int) -> None:
        """An instruction has accessed memory."""
        size, writes = what & SIZE, bool(what & WRITES)
        before = self._notes.pop(address, None) if writes else None
        if self.is_over or (self._within is not None and not self._within(address)):
            return
        insns, thread = self._machine.moment()
        kind = _NAMES[WRITE if writes else READ]
        value &= (1 << 8 * size) - 1
        left = what >> LEFT
        self._hook(
            MemoryEvent(self._machine, kind, pc, address, size, value, before, insns - left, thread)
        )
