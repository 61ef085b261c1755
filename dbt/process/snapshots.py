"""Snapshots: the whole guest at one moment, to which it can be put back again and again."""

import weakref

from dbt.environment import Environment
from dbt.process.wiring import Parts
from dbt.runtime.state import GuestState
from dbt.stops import UsageError
from dbt.typing import Any


class Snapshot:
    """A process as ``Process.snapshot`` found it. It holds a copy of the guest's private memory,
    and a descriptor of the host for each of the guest's.

    ``insns`` are the instructions that had been completed.
    """

    __slots__ = ("_environment", "_hooks", "_loop", "_owner", "_registers", "_turn_end", "insns")

    def __init__(self, owner: "Saver") -> None:
        self._owner = weakref.ref(owner)
        parts = owner.parts
        self._hooks = parts.hooks.save()
        self._environment: Any = owner.environment.save()
        self._registers = owner.state.save()
        self._loop = parts.loop.save()
        budget = parts.engine.budget
        self.insns, self._turn_end = budget.executed, budget.turn_end

    def __repr__(self) -> str:
        return f"<snapshot after {self.insns:,} instructions>"


class Saver:
    """Makes and restores the snapshots of one process."""

    def __init__(self, parts: Parts, environment: Environment, state: GuestState) -> None:
        self.parts, self.environment, self.state = parts, environment, state

    def restore(self, snapshot: Snapshot) -> None:
        """Make the guest as it was. Raises UsageError, and then has changed nothing."""
        if not isinstance(snapshot, Snapshot):
            raise UsageError(f"restore: a snapshot is what snapshot() returned, not {snapshot!r}")
        if snapshot._owner() is not self:
            raise UsageError("restore: the snapshot is of another process")
        hooks = self.parts.hooks
        try:
            hooks.check()
            self.environment.restore(snapshot._environment)
        except UsageError as refusal:  # some are those of making a snapshot
            why = str(refusal).removeprefix("restore: ").removeprefix("snapshot: ")
            raise UsageError(f"restore: {why}") from None
        self.parts.loop.restore(snapshot._loop)
        self.parts.engine.budget.rewind(snapshot.insns, snapshot._turn_end)
        self.state.load(snapshot._registers)
        hooks.restore(snapshot._hooks)
        self.state.load(snapshot._registers)
        hooks.settle()
