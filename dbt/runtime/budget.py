"""How many instructions the executor may execute before it returns."""

import ctypes

from dbt.interfaces import Executor

UNLIMITED = 1 << 62
SLICE_SECONDS = 0.02
FIRST_SLICE = 20_000
LARGEST_SLICE = 1 << 30


class Budget:
    """Gives an executor its fuel, a slice at a time and never past ``limit`` or ``turn_end``, which
    count instructions from the beginning of the program. Slices grow until one takes about 20
    ms."""

    def __init__(self, executor: Executor) -> None:
        self.limit = UNLIMITED
        self.turn_end = UNLIMITED
        """Where the turn of the guest's thread ends that runs now."""
        self.slice = FIRST_SLICE
        self.granted = 0
        self._executor = executor
        at = executor.fuel_address
        self.left = ctypes.c_int64.from_address(at) if at else _Fuel(executor)
        """The executor's fuel, as an object with a ``value``: what ``Executor.fuel`` is, sooner."""
        self.observer: memoryview | None = None
        """Its first number is kept at ``granted - held``: less the executor's fuel that is the
        number of instructions completed, also while the executor runs."""
        self.held = 0
        """Fuel taken away so that the executor returns."""
        self.base = 0
        """``granted - held``: less what is left, it is the number of instructions completed."""

    @property
    def executed(self) -> int:
        """Instructions completed since the beginning; exact while the executor does not run."""
        return self.granted - self._executor.fuel - self.held

    @property
    def spent(self) -> bool:
        """True when everything up to the limit, or the end of the turn, has been given out."""
        return self.granted >= min(self.limit, self.turn_end)

    @property
    def fits(self) -> bool:
        """True unless more has been given out than there is up to the limit, or the end of the
        turn, as they are now."""
        return self.granted <= self.limit and self.granted <= self.turn_end

    def begin_turn(self, length: int | None) -> None:
        """Have the turn end after so many more instructions; None: not at all."""
        self.turn_end = UNLIMITED if length is None else self.executed + length

    def grant(self) -> None:
        """Fill the executor's fuel up to a slice, or to what is left of the limit or the turn."""
        left, end = self._executor.fuel, min(self.limit, self.turn_end)
        more = min(self.slice - left, end - self.granted)
        if more > 0 or self.granted > end:  # a limit may be lower than the last one
            self._executor.fuel = left + more
            self.granted += more
            self.observe()

    def adapt(self, seconds: float) -> None:
        """Choose the size of the next slice by the seconds that the last one took."""
        if seconds < SLICE_SECONDS and self.slice < LARGEST_SLICE:
            self.slice *= 2
        elif seconds > 3 * SLICE_SECONDS and self.slice > FIRST_SLICE:
            self.slice //= 2

    def take_away(self) -> None:
        """Make the executor return at the next block, by taking its fuel."""
        self.held += self._executor.fuel
        self._executor.fuel = 0
        self.observe()

    def give_back(self) -> None:
        """Undo ``take_away``."""
        if self.held:
            self._executor.fuel += self.held
            self.held = 0
            self.observe()

    def rewind(self, executed: int, turn_end: int) -> None:
        """Count from so many completed instructions on. The executor does not run."""
        self.granted = executed + self._executor.fuel + self.held
        self.turn_end = turn_end
        self.observe()

    def observe(self) -> None:
        """Note what has changed, also for the observer."""
        self.base = self.granted - self.held
        if self.observer is not None:
            self.observer[0] = self.base


class _Fuel:
    """The fuel of an executor that has no address for it."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    @property
    def value(self) -> int:
        """The fuel that is left."""
        return self._executor.fuel
