"""Watchpoints of a debugger (packets ``Z2``, ``Z3``, ``Z4``): a pass has the guest's code trap
before each access."""

from functools import partial

from dbt.classes import attrs
from dbt.gdb.watch_pass import READS, WRITES, Watched, WatchMemory
from dbt.hooks.machine import HookMachine
from dbt.hooks.points import Remove
from dbt.ir.block import HOOKED, BlockKey
from dbt.runtime.resume import Ended
from dbt.stops import StopRequested

ACCESSES = {2: WRITES, 3: READS, 4: READS | WRITES}
NAMES = {2: b"watch", 3: b"rwatch", 4: b"awatch"}


@attrs.frozen
class Watchpoint:
    """What is watched: a kind of NAMES, an address, a size in bytes."""

    kind: int
    address: int
    size: int


class Watchpoints:
    """The watchpoints of a process. As with ``Breakpoints``, changes take effect in ``settle``."""

    def __init__(self, machine: HookMachine, *, stops_before: bool) -> None:
        self._machine = machine
        self._stops_before = stops_before
        """See ``DebugTarget.stops_before_access``."""
        self._told: object = None
        """When the debugger was told of an access that was still to be made."""
        self._wanted: list[Watchpoint] = []
        self._placed: list[Watchpoint] = []
        self._pass = WatchMemory()
        self._undo: list[Remove] = []
        self._hit: Watchpoint | None = None

    def insert(self, watchpoint: Watchpoint) -> None:
        """Stop at an instruction that accesses it. Inserting twice is inserting once."""
        if watchpoint not in self._wanted:
            self._wanted.append(watchpoint)

    def remove(self, watchpoint: Watchpoint) -> None:
        """Undo ``insert``."""
        if watchpoint in self._wanted:
            self._wanted.remove(watchpoint)

    def settle(self, *, continues: bool) -> None:
        """Watch what was inserted; if the program ``continues`` for long, nothing else. All code is
        translated anew if that is another than before."""
        missing = [one for one in self._wanted if one not in self._placed]
        if not missing and not (continues and len(self._placed) > len(self._wanted)):
            return
        for undo in self._undo:
            undo()
        self._undo, self._placed = [], [*self._wanted]
        if not self._placed:
            return
        rows = [
            Watched(f"gdb-watch-{n}", one.address, one.size, ACCESSES[one.kind])
            for n, one in enumerate(self._placed)
        ]
        self._pass.watched = tuple(rows)
        for row, one in zip(rows, self._placed, strict=True):
            self._undo.append(self._machine.trap(row.reason, partial(self._trapped, one)))
        self._undo.append(self._machine.instrument(self._pass))

    def clear(self) -> None:
        """Remove all."""
        self._wanted.clear()
        self.settle(continues=True)

    @property
    def has_hit(self) -> bool:
        """Whether an access has stopped the run."""
        return self._hit is not None

    def rewound(self) -> None:
        """The process was put back: it comes to the same accesses again."""
        self._told = self._hit = None

    def take_hit(self) -> Watchpoint | None:
        """What was accessed, if that has stopped the run."""
        hit, self._hit = self._hit, None
        return hit

    def _trapped(self, watchpoint: Watchpoint, key: BlockKey) -> BlockKey | Ended:
        wanted, moment = watchpoint in self._wanted, self._machine.moment()
        if wanted and self._stops_before and moment != self._told:
            self._told = moment
            self._stop(watchpoint)
            return BlockKey(key.pc, key.mode & ~HOOKED)
        with self._pass.off():
            after = self._machine.step_once(key)
        if wanted and not self._stops_before and isinstance(after, BlockKey):
            self._stop(watchpoint)
        return after

    def _stop(self, watchpoint: Watchpoint) -> None:
        self._hit = watchpoint
        self._machine.keep_failure(StopRequested())
