"""Breakpoints of a debugger (packets ``Z0``, ``Z1``): the dispatcher watches the pc, and nothing
chains into it. Guest memory stays as it is."""

from collections.abc import Callable
from functools import partial

from dbt.hooks.machine import HookMachine
from dbt.hooks.points import Remove
from dbt.stops import StopRequested


class Breakpoints:
    """The breakpoints of a process. A debugger removes all of them at each stop, and inserts them
    again before the program continues: what was removed is only forgotten in ``settle``."""

    def __init__(self, machine: HookMachine, held: Callable[[], bool]) -> None:
        self._machine = machine
        self._held = held
        """Whether a signal waits at this place, which is reported first."""
        self._wanted: set[tuple[int, int]] = set()
        self._placed: dict[int, Remove] = {}
        self.hit: int | None = None
        """The kind of the breakpoint that has stopped the run, until ``take_hit``."""

    def insert(self, kind: int, address: int) -> None:
        """Stop before the instruction at an address. Inserting twice is inserting once."""
        self._wanted.add((kind, address))

    def remove(self, kind: int, address: int) -> None:
        """Undo ``insert``."""
        self._wanted.discard((kind, address))

    def settle(self, *, continues: bool) -> None:
        """Place what was inserted; if the program ``continues`` for long, also take away what was
        removed."""
        wanted = {address for _, address in self._wanted}
        if continues:
            for address in self._placed.keys() - wanted:
                self._placed.pop(address)()
        for address in wanted - self._placed.keys():
            self._placed[address] = self._machine.watch(address, partial(self._arrived, address))

    def clear(self) -> None:
        """Remove all."""
        self._wanted.clear()
        self.settle(continues=True)

    def take_hit(self) -> int | None:
        """The kind of the breakpoint that has stopped the run, if one has."""
        hit, self.hit = self.hit, None
        return hit

    def _arrived(self, address: int) -> None:
        kinds = [kind for kind, at in self._wanted if at == address]
        if kinds and not self._held():
            self.hit = kinds[0]
            self._machine.keep_failure(StopRequested())
