"""``nochain``: the dispatcher looks out for the pc, and chaining is off for the whole program.

How it works
    As ``dispatch``, but every block goes back to the dispatcher, as in PANDA, which turns chaining
    off for the whole machine as soon as a plugin wants call events.
What it costs
    A trip through the dispatcher per *block*, watched or not; visits to the host as ``dispatch``.
What it cannot see
    As ``dispatch``.
"""

from collections.abc import Iterable

from dbt.hooks.follow.tracker import Tracker
from dbt.hooks.mechanisms.base import Machine
from dbt.hooks.mechanisms.dispatch import Dispatch
from dbt.interfaces import LinkKind


class NoChain(Dispatch):
    """Watched pcs in the dispatcher, without any chaining while there are some."""

    name = "nochain"

    def __init__(self, machine: Machine, tracker: Tracker) -> None:
        super().__init__(machine, tracker)
        self._before: Iterable[LinkKind] | None = None

    def watch(self, pc: int) -> None:
        if self._before is None:
            self._before = self.machine.chain.kinds
            self.machine.chain.set_kinds(())
        super().watch(pc)

    def unwatch(self, pc: int) -> None:
        super().unwatch(pc)
        if not self.removers and self._before is not None:
            self.machine.chain.set_kinds(self._before)
            self._before = None
