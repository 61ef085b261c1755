"""The tier of compiled units: which blocks are compiled, and when.

What has no copied code is compiled before it runs, in batches of what was installed since the last
run. In tiers ``1`` (quickly) and ``2`` (optimised) these are all blocks. In ``0`` and ``auto``
(quickly) these are blocks that passes and hooks have made. ``auto`` also compiles what ran often
enough, optimised, in batches of hot blocks.
"""

import contextlib
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from backends.native.exception_table import ExceptionTable
from backends.numba_jit.installed import Installed
from backends.numba_jit.links import Links
from backends.numba_jit.records import Records
from backends.numba_jit.tables import Tables
from backends.numba_jit.units.background import Background, Job, making
from backends.numba_jit.units.hot_blocks import HotBlocks
from backends.numba_jit.units.neighbours import Neighbours
from backends.numba_jit.units.regions import Regions
from dbt.interfaces import Context, HostCode, TablesFull, is_local
from dbt.phases import Phase
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backends.numba_jit.units.compiler import Region, UnitCompiler  # few runs need it

COLD = {"0": "quick", "1": "quick", "2": "optimised", "auto": "quick"}
"""Levels at which blocks without copied code are compiled, by tier."""


def _place(installed: Installed) -> tuple[int, int]:
    """Where a block stands among others."""
    return installed.key.pc, installed.key.mode


class Units:
    """Compiles blocks for one executor (a ``tiers.Tier``)."""

    def __init__(
        self,
        context: Context,
        records: Records,
        shared: Tables,
        links: Links,
        installed: Callable[[int], Installed],
        neighbours: Neighbours,
        enter: Callable[[Sequence[Installed]], None],
        left: Callable[[Sequence[Installed]], None],
        fix_up: Callable[[ExceptionTable], None],
    ) -> None:
        self.starts, self.entries = shared.unit.view, shared.entry.view
        self.open = shared.open_units.view
        self._context = context
        self._records = records
        self._tables = shared
        self._links = links
        self._installed = installed
        """Returns the record of a block by its id."""
        self._enter = enter
        """Called with the blocks that have got an entry, to make everything lead to it."""
        self._left = left
        """Called with the blocks that have no entry any more."""
        self._fix_up = fix_up
        """Called with the exception table when that has changed."""
        self._checked = True
        unit = context.options.unit_compiled
        self._regions, self._calls = unit != "block", unit == "function"
        self._live = Regions(shared)
        self._tier = tier = context.options.tier
        self._promotes = self._counts = context.options.promotes
        """Blocks that are hot are compiled."""
        self._level, self._hot_level = COLD[tier], "region" if self._regions else "optimised"
        self._hot = HotBlocks(
            context.options.hot, shared, neighbours, installed, regions=self._regions
        )
        self._compiler: UnitCompiler | None = None
        self._begun = False
        self._in_background = context.options.background
        self._reuses = self._promotes and context.options.reuse
        self._work = context.phases.around(Phase.COMPILATION, self._compile)
        self._background = Background(self._work)
        self._awaited: dict[int, Installed] = {}
        """The blocks that are being compiled, by id."""
        self._codes: dict[int, int] = {}  # code pointers by block id
        self.new: dict[int, Installed] = {}
        """Blocks, by id, that have to be compiled before they can run."""
        self._compile_ns = 0
        self._compiled = self._reused = 0

    @property
    def compiler(self) -> "UnitCompiler":
        """The unit compiler, which is made when it is first used: by a job in the background, or
        for a block that cannot wait, or for both at the same time."""
        if self._compiler is None:
            from backends.numba_jit.units.compiler import UnitCompiler

            with making:
                if self._compiler is None:
                    compiler = UnitCompiler(self._context, self._records, dispatching=True)
                    compiler.checked = self._checked
                    self._compiler = compiler
        return self._compiler

    def check(self, *, checked: bool) -> None:
        """Make optimised code from now on that tests the guest's permissions itself, or that does
        not. There must be no blocks."""
        with making:
            self._checked = checked
            if self._compiler is not None:
                self._compiler.checked = checked

    def accept(self, installed: Installed) -> None:
        """See ``Tier.accept``: the block is compiled before the next run, or when it is hot."""
        block_id = installed.block_id
        self._hot.count_anew(block_id)
        if not installed.copied:
            self.new[block_id] = installed

    def entry(self, installed: Installed) -> int:
        """See ``Tier.entry``: a code pointer."""
        return self._codes.get(installed.block_id, 0)

    def drop(self, installed: Installed) -> None:
        """See ``Tier.drop``."""
        block_id = installed.block_id
        self.new.pop(block_id, None)
        self._awaited.pop(block_id, None)
        code = self._codes.pop(block_id, 0)
        if code:
            self._give_up(block_id, code)
        self._hot.drop(block_id)

    def _give_up(self, block_id: int, code: int) -> None:
        """Drop a unit of a block, which does not run any more."""
        self._live.give_up(block_id, code)
        self.compiler.drop([code])

    def clear(self) -> None:
        """See ``Tier.clear``."""
        self._live.clear()
        if self._codes:
            self.compiler.drop(self._codes.values())
        for kept in (self._codes, self.new, self._awaited):
            kept.clear()
        self._hot.clear()

    def before_run(self) -> None:
        """Give up the regions that may not go on, compile the blocks without copied code that were
        accepted since the last run, and enter what was compiled meanwhile. Raises TablesFull."""
        if self._live.stopped:
            self._give_up_undone()
        if self.new:
            batch, self.new = list(self.new.values()), {}
            self._compile_now(self._job(batch, self._level, counts=self._counts))
            if self._counts:
                self._hot.add_cold([installed.block_id for installed in batch])
        for job in self._background.finished():
            try:
                self._take(job)
            except TablesFull:
                self._stay_cold()
        if self._hot.due:
            self._compile_due()

    @property
    def stopped(self) -> bool:
        """Whether regions wait for ``before_run``."""
        return self._live.stopped

    def _give_up_undone(self) -> None:
        """Drop the units of regions with an edge that is not linked any more. Their blocks run as
        copies until they are hot again; those without copies are compiled anew."""
        for codes in self._live.undone():
            left = []
            for block_id, code in codes.items():
                del self._codes[block_id]
                self.compiler.drop([code])
                installed = self._installed(block_id)
                left.append(installed)
                if not installed.copied:
                    self.new[block_id] = installed
            self._left(left)

    def promote(self) -> None:
        """Have the hot blocks compiled."""
        self._hot.collect()
        self._compile_due()

    def _compile_due(self) -> None:
        """Have the blocks compiled that are due, all together and with what is warm around them
        now: what becomes hot while a job is done, or the compiler is loaded, waits for its end."""
        if not self._hot.due or not self._promotes:
            return
        if self._in_background and self._background.busy:
            return
        known = self._codes.keys() - self._hot.cold | self._awaited.keys()
        found = [block_id for block_id in self._hot.due if block_id not in known]
        if self._in_background and self._compiler is None and found:
            first = [self._installed(found[0])]
            self._background.submit(self._job(first, self._hot_level, prepares=True))
            return
        self._hot.due.clear()
        if not found:
            return
        together = self._hot.with_others(found, self._awaited)
        # In the order of the guest's code: it does not depend on which was hot first.
        batch = sorted(map(self._installed, together), key=_place)
        job = self._job(batch, self._hot_level, found)
        if self._in_background:
            self._background.submit(job)
            return
        try:
            self._compile_now(job)
        except TablesFull:
            self._stay_cold()

    def _stay_cold(self) -> None:
        """Compile no hot blocks any more: there is no room for their code."""
        self._promotes = False
        self._hot.stop()

    def _compile_now(self, job: Job) -> None:
        """Do a job and enter what it has made. Raises TablesFull."""
        try:
            self._work(job)
        except MemoryError as error:
            job.error = error
        self._take(job)

    def _job(
        self,
        batch: Sequence[Installed],
        level: str,
        hot: Collection[int] = (),
        *,
        counts: bool = False,
        prepares: bool = False,
    ) -> Job:
        """The order to compile blocks, or to prepare for that. Units get those that have no copy,
        and those that became hot again because they were within a region only."""
        if not all(map(is_local, self._context.passes)):  # others run in the guest's thread only
            for installed in batch:
                installed.is_there  # noqa: B018 (it is made now)
        ids = [installed.block_id for installed in batch]
        self._awaited.update(zip(ids, batch, strict=True))
        copies = self._tables.copy.view
        entered = {i for i in ids if not copies[i] or (i in hot and self._hot.was_compiled(i))}
        links = self._tables.slot_block.view
        linked = {slot: links[slot] for installed in batch for slot in installed.slots}
        return Job(batch, level, counts, entered, linked, prepares)

    def _compile(self, job: Job) -> None:
        """Compile the blocks of a job whose code is still there."""
        began = time.thread_time_ns()
        batch = [installed for installed in job.batch if installed.is_there]
        if job.prepares:
            self.compiler  # noqa: B018 (it is made now)
            self._compile_ns += time.thread_time_ns() - began
            return
        job.made = self.compiler.make(
            batch, job.level, job.entered, counts=job.counts, calls=self._calls, linked=job.linked,
            kept=self._reuses and job.level == self._hot_level,
        )  # fmt: skip
        job.compiled = batch
        self._compile_ns += time.thread_time_ns() - began

    def _take(self, job: Job) -> None:
        """Enter what a job has made, unless it was dropped meanwhile. Raises TablesFull."""
        awaited = []
        for installed in job.batch:
            if self._awaited.get(installed.block_id) is installed:
                del self._awaited[installed.block_id]
                awaited.append(installed)
        if job.prepares and job.error is None:
            return
        if job.error is None and job.made is not None:
            began = time.thread_time_ns()
            timed = self._context.phases.within(Phase.COMPILATION)
            with contextlib.suppress(MemoryError), timed:
                self._load(job, awaited)
                self._compile_ns += time.thread_time_ns() - began
                return
        if job.error is None or isinstance(job.error, MemoryError):
            raise TablesFull
        if len(awaited) == len(job.batch):
            raise job.error
        # Code that changed while it was looked at may be anything; its blocks were dropped.
        for installed in awaited:
            self._hot.count_anew(installed.block_id)

    def _load(self, job: Job, awaited: Collection[Installed]) -> None:
        """Put units where they run, and enter those that are awaited."""
        entered, old = [], []
        codes = dict(zip(map(id, job.compiled), self.compiler.load(job.made), strict=True))
        self._fix_up(self.compiler.exceptions)
        refused = self._enter_regions(job.made.regions, codes, awaited)
        for installed in job.compiled:
            block_id, code = installed.block_id, codes[id(installed)]
            if installed not in awaited:
                self.compiler.drop([code])
                continue
            for slot in installed.slots:
                self._links.write_lookup(slot)
            self._hot.count_anew(block_id)
            if block_id in refused:
                self.compiler.drop([code])
                continue
            self._hot.note_compiled(block_id)
            self._compiled += 1
            self._reused += job.made.reused
            if code:
                self._hot.cold.discard(block_id)
                old.append((block_id, self._codes.get(block_id, 0)))
                self._codes[block_id] = code
                entered.append(installed)
        self._hot.forget({installed.block_id for installed in awaited})
        if entered:
            self._begin()
            self._enter(entered)
            for block_id, code in old:
                self._give_up(block_id, code)

    def _enter_regions(
        self,
        regions: "Iterable[Region]",
        codes: Mapping[int, int],
        awaited: Collection[Installed],
    ) -> set[int]:
        """Let regions run. Returns the ids of the blocks of those that may not: what they are made
        of has changed meanwhile."""
        refused: set[int] = set()
        for region in regions:
            units = {m.block_id: codes[id(m)] for m in region.members if codes[id(m)]}
            if not all(m in awaited for m in region.members) or not self._live.enter(
                region.slots, units
            ):
                refused.update(member.block_id for member in region.members)
        return refused

    def _begin(self) -> None:
        """Tell the tables what the first unit needs."""
        if not self._begun:
            self._begun = True
            self._tables.units_begin(self.compiler.enter_address, self.compiler.unlinked_address)

    def statistics(self) -> Mapping[str, int]:
        """Blocks compiled so far, and those of them whose code was on disk; bytes of machine code;
        and the processor time that it took to compile blocks and to enter them in the tables."""
        return {
            "compiled_blocks": self._compiled,
            "reused_blocks": self._reused,
            "code_bytes": self._compiler.code_bytes if self._compiler else 0,
            "compile_us": self._compile_ns // 1000,
        }

    def code(self, blocks: Iterable[int] | None = None) -> Iterator[HostCode]:
        """The code of the units of these blocks, or of all, by id; and what all units share."""
        if self._compiler is not None:
            found = self._codes if blocks is None else blocks
            yield from self._compiler.code(self._codes.get(block_id, 0) for block_id in found)

    def explain(self, installed: Installed) -> Mapping[str, str]:
        """See ``Tier.explain``: the LLVM text and the host assembly of a block's unit."""
        level = "optimised" if self._promotes else self._level
        if installed.copied and not self._promotes:
            return {}
        with self._background.rest():
            return self.compiler.explain(installed, level)

    def close(self) -> None:
        """Free all units."""
        self._background.close()
        if self._compiler is not None:
            self._compiler.close()
