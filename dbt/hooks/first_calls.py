"""Finds functions when they are called first: where control comes to code that was not executed
before, behind a call instruction."""

from collections.abc import Callable

from dbt.hooks.machine import HookMachine
from dbt.ir.block import BlockKey
from dbt.typing import Any


class FirstCalls:
    """Calls ``found`` with the location of each function, if ``wanted`` holds of it, when a call
    leads there that is the first to execute its first block. Hooks that ``found`` sets there count
    for that call, too.

    What was executed before it was called, as the target of a jump, is not found.
    """

    def __init__(
        self, machine: HookMachine, wanted: Callable[[int], bool], found: Callable[[int], Any]
    ) -> None:
        self._machine, self._wanted, self._found = machine, wanted, found
        self._known: set[int] = set()
        machine.engine.on_missing = self._missing

    def _missing(self, key: BlockKey) -> bool:
        machine = self._machine
        location = machine.translator.frontend.location_of(key)
        if location in self._known or not self._wanted(location):
            return False
        link = machine.state.get(machine.call_abi.link)
        if not machine.caller(link, key.pc):
            return False
        self._known.add(location)
        machine.call(self._found, location)
        return True

    def stop(self) -> None:
        """Look for no more functions."""
        self._machine.engine.on_missing = None
