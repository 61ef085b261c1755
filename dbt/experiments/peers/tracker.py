"""Calls and returns from a sequence of places: what users of emulators without events write.

The list of live activations holds function, return address and stack pointer. Arriving at a return
address with the stack pointer of the innermost is a return; one with a lower stack pointer was
unwound. It knows nothing of instructions, and sees only the places that its owner shows it.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from dbt.hooks.records import Kind, Record


class Registers(NamedTuple):
    """What a tracker looks at when it arrives somewhere that matters."""

    arguments: tuple[int, ...]
    stack: int
    link: int


class _Activation(NamedTuple):
    function: int
    site: int
    stack: int


class Tracker:
    """Give it every place that may matter, in order; it gives records to ``sink``."""

    def __init__(
        self,
        functions: Mapping[int, str],
        registers: Callable[[], Registers],
        sink: Callable[[Record], None],
    ) -> None:
        self.functions = functions
        self.sites: set[int] = set()
        """Return addresses seen so far."""
        self.on_site: Callable[[int], None] | None = None
        """Told of each new return address."""
        self.events = 0
        self._registers = registers
        self._sink = sink
        self._live: list[_Activation] = []

    def arrive(self, pc: int) -> None:
        """The guest is about to execute the instruction at ``pc``."""
        if pc in self.sites:
            self._returned(pc)
        if pc in self.functions:
            self._entered(pc)

    def _entered(self, pc: int) -> None:
        registers = self._registers()
        site = registers.link & ~1
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
