"""The table by which copied code calls the functions of floating point."""

from array import array

from backends.native.arena import Arena
from backends.numba_jit import tables
from dbt.typing import Any


class FloatTable:
    """The table of one executor, made when an instruction first needs it."""

    def __init__(self, control: Any) -> None:
        self._control = control
        self._arena: Arena | None = None
        self._addresses = array("Q")

    def provide(self) -> None:
        """Make the table, if it is not there."""
        if self._arena is None:
            # Many programs do not compute with floating point.
            from backends.numba_jit.units.floats import Floats
            from backends.numba_jit.units.objects import ObjectMaker

            arena = Arena()
            self._addresses = array("Q", Floats(ObjectMaker(), arena).table())
            self._arena = arena
            self._control[tables.FLOATS // 8] = self._addresses.buffer_info()[0]

    def close(self) -> None:
        """Free the functions."""
        if self._arena is not None:
            self._control[tables.FLOATS // 8] = 0
            self._arena.close()
            self._arena = None
