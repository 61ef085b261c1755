"""``sentinel``: the return address is replaced by one that belongs to us.

How it works
    The function's first block enters the host, which writes the location of a trampoline into the
    link register. The function returns there, which enters the host again; the host puts the
    link register right and continues at the true return site. (Frida's Interceptor, Qiling's
    ``set_api``, DynamoRIO's ``DRWRAP_REPLACE_RETADDR``.)
What it costs
    Two visits to the host per call and return; no translation of return sites, so it is the
    cheapest in programs that call from everywhere.
What it cannot see
    It is not transparent. A function that looks at its link register sees the trampoline: code that
    uses ``bl`` to learn the pc reads the wrong address, an unwinder loses its way, a function that
    returns to an address it computed from the link register goes astray. The trampoline
    returns to the caller of the innermost activation, and to a wrong place where the stack pointer
    does not show which one that is: see ``dispatch`` for longjmp and for several stacks.
"""

from collections.abc import Callable
from functools import partial

from dbt.hooks.follow.tracker import Activation, Tracker
from dbt.hooks.mechanisms.base import Machine, Mechanism
from dbt.stops import Access, GuestFault


class Sentinel(Mechanism):
    """Stubs at entries, one trampoline for all returns."""

    name = "sentinel"

    def __init__(self, machine: Machine, tracker: Tracker) -> None:
        super().__init__(machine, tracker)
        self._removers: dict[int, Callable[[], None]] = {}
        self._location, self._forget = machine.trampoline(self._returned)

    def watch(self, pc: int) -> None:
        self._removers[pc] = self.machine.stub(
            pc, partial(self._entered, pc), when=self.conditions(pc)
        )

    def unwatch(self, pc: int) -> None:
        self._removers.pop(pc)()

    def close(self) -> None:
        self._forget()

    def _entered(self, pc: int) -> int | None:
        location, called = self.link(), True
        if location == self._location and self.tracker.active:
            self.tracker.unwind(self.stack())
            location, called = self.tracker.active[-1].location, False
        return self.tracker.entered(pc, location, called=called)

    def expect(self, activation: Activation) -> None:  # noqa: ARG002
        self.machine.state.set(self.machine.call_abi.link, self._location)

    def done(self, activation: Activation) -> None:
        """Nothing was set for it."""

    def _returned(self) -> int:
        """The trampoline runs: some activation returns."""
        stack, active = self.stack(), self.tracker.active
        self.tracker.unwind(stack)
        if not active:  # the guest has come here by itself: there is no code
            raise GuestFault(self._location, Access.EXECUTE)
        location = active[-1].location
        if self.link() == self._location:
            self.machine.state.set(self.machine.call_abi.link, location)
        self.tracker.arrived(active[-1].site, active[-1].stack)
        return location
