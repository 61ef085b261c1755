"""Finds calls and returns in a sequence of pcs, as users of emulators without such events do.

The list of live activations holds function, return address and stack pointer. Control that arrives
at a return address with the stack pointer of the innermost activation is its return; an activation
with a lower stack pointer was unwound. The tracker knows no instructions, and sees only the pcs
that an adapter gives it.
"""

from collections.abc import Callable, Mapping

from dbt.hooks.records import Kind, Record
from dbt.typing import NamedTuple


class Registers(NamedTuple):
    """What a tracker reads at a function or a return address. ``link`` is a location."""

    arguments: tuple[int, ...]
    stack: int
    link: int


class _Activation(NamedTuple):
    function: int
    site: int
    stack: int


class Tracker:
    """Takes pcs in the order of execution, and calls ``sink`` with records.

    ``state_bits`` are the bits of a location that are not its address (``Layout.state_bits``).
    """

    def __init__(
        self,
        functions: Mapping[int, str],
        registers: Callable[[], Registers],
        sink: Callable[[Record], None],
        state_bits: int,
    ) -> None:
        self.functions = functions
        self.sites: set[int] = set()
        """Return addresses seen so far."""
        self.on_site: Callable[[int], None] | None = None
        """Called with each new return address."""
        self.events = 0
        self._registers = registers
        self._sink = sink
        self._state_bits = state_bits
        self._live: list[_Activation] = []

    def arrive(self, pc: int) -> None:
        """The guest is about to execute the instruction at ``pc``."""
        if pc in self.sites:
            self._returned(pc)
        if pc in self.functions:
            self._entered(pc)

    def _entered(self, pc: int) -> None:
        registers = self._registers()
        site = registers.link & ~self._state_bits
        activation = _Activation(pc, site, registers.stack)
        tail = bool(self._live) and self._live[-1][1:] == activation[1:]
        self._unwind(registers.stack)
        kind = Kind.TAIL_CALL if tail else Kind.CALL
        self._tell(kind, activation, registers.arguments, None)
        self._live.append(activation)
        if site not in self.sites:
            self.sites.add(site)
            if self.on_site is not None:
                self.on_site(site)

    def _returned(self, pc: int) -> None:
        registers = self._registers()
        self._unwind(registers.stack)
        while self._live and self._live[-1][1:] == (pc, registers.stack):
            self._tell(Kind.RETURN, self._live.pop(), (), registers.arguments[0])

    def _unwind(self, stack: int) -> None:
        while self._live and self._live[-1].stack < stack:
            self._tell(Kind.UNWOUND, self._live.pop(), (), None)

    def _tell(
        self, kind: Kind, on: _Activation, arguments: tuple[int, ...], result: int | None
    ) -> None:
        self.events += 1
        symbol = self.functions[on.function]
        depth = len(self._live)
        self._sink(
            Record(
                kind, on.function, symbol, on.site, on.stack, depth, 0,
                arguments=arguments, result=result,
            )
        )  # fmt: skip
