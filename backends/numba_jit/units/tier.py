"""The tier of compiled units: which blocks are compiled, and when.

What has no copied code is compiled before it runs, in batches of what was installed since the last
run. In tiers ``1`` (quickly) and ``2`` (optimised) these are all blocks. In ``0`` and ``auto``
(quickly) these are blocks that passes and hooks have made. ``auto`` also compiles what ran often
enough, optimised, in batches of hot blocks.
"""

import contextlib
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from backends.numba_jit import tables
from backends.numba_jit.installed import Installed
from backends.numba_jit.links import Links
from backends.numba_jit.records import Records
from backends.numba_jit.tables import Tables
from backends.numba_jit.units.background import Background, Job
from dbt.interfaces import Context, HostCode, TablesFull
from dbt.phases import Phase
from dbt.stops import GuestFault

if TYPE_CHECKING:
    from backends.numba_jit.units.compiler import Made, UnitCompiler  # imports LLVM

MOST = 128
"""Blocks that are compiled at once."""
AGAIN = 3
"""Times that a block is compiled, for it may become a part of a larger region."""
COLD = {"0": "quick", "1": "quick", "2": "optimised", "auto": "quick"}
"""Levels at which blocks without copied code are compiled, by tier."""


class Units:
    """Compiles blocks for one executor (a ``tiers.Tier``)."""

    def __init__(
        self,
        context: Context,
        records: Records,
        shared: Tables,
        links: Links,
        installed: Callable[[int], Installed],
        following: Callable[[int], Iterable[int]],
        enter: Callable[[Sequence[Installed]], None],
    ) -> None:
        self.starts, self.entries = shared.unit.view, shared.entry.view
        self._context = context
        self._records = records
        self._tables = shared
        self._links = links
        self._installed = installed
        """Returns the record of a block by its id."""
        self._following = following
        """Returns the ids of the blocks that a block leads to, and zeros."""
        self._times: dict[int, int] = {}
        """How often a block was compiled, by id."""
        self._enter = enter
        """Called with the blocks that have got an entry, to make everything lead to it."""
        self._tier = tier = context.options.tier
        self._level, self._counts = COLD[tier], tier == "auto"
        self._promotes = tier == "auto"
        """Blocks that are hot are compiled."""
        self._hot = min(max(1, context.options.hot), tables.MOST_HOT)
        shared.control[tables.FIRST_HOT // 8] = self._hot
        shared.control[tables.AGAIN // 8] = min(self._hot * 4, tables.MOST_HOT)
        self._compiler: UnitCompiler | None = None
        self._begun = False
        self._in_background = context.options.background
        self._work = context.phases.around(Phase.COMPILATION, self._compile)
        self._background = Background(self._work)
        self._awaited: dict[int, Installed] = {}
        """The blocks that are being compiled, by id."""
        self._codes: dict[int, int] = {}  # code pointers by block id
        self._cold: set[int] = set()
        """The ids of blocks that were compiled because they had no copied code, and count."""
        self._new: dict[int, Installed] = {}
        self._compile_ns = 0
        self._compiled = 0

    @property
    def compiler(self) -> "UnitCompiler":
        """The unit compiler, which is made when it is first used."""
        if self._compiler is None:
            from backends.numba_jit.units.compiler import UnitCompiler

            self._compiler = UnitCompiler(self._context, self._records, dispatching=True)
        return self._compiler

    def accept(self, installed: Installed) -> None:
        """See ``Tier.accept``: the block is compiled before the next run, or when it is hot."""
        block_id = installed.block_id
        self._tables.hot.view[block_id] = self._hot
        if not installed.copied:
            self._new[block_id] = installed

    def entry(self, installed: Installed) -> int:
        """See ``Tier.entry``: a code pointer."""
        return self._codes.get(installed.block_id, 0)

    def drop(self, installed: Installed) -> None:
        """See ``Tier.drop``."""
        block_id = installed.block_id
        self._new.pop(block_id, None)
        self._times.pop(block_id, None)
        self._awaited.pop(block_id, None)
        self._cold.discard(block_id)
        code = self._codes.pop(block_id, 0)
        if code:
            self.compiler.drop([code])
        pending = self._pending()
        if block_id in pending:
            self._set_pending([identity for identity in pending if identity != block_id])

    def clear(self) -> None:
        """See ``Tier.clear``."""
        if self._codes:
            self.compiler.drop(self._codes.values())
        for kept in (self._codes, self._new, self._awaited, self._times, self._cold):
            kept.clear()
        self._set_pending([])

    def _pending(self) -> list[int]:
        count = self._tables.control[tables.PENDING_COUNT // 8]
        return list(self._tables.pending.view[:count]) if count else []

    def _set_pending(self, pending: list[int]) -> None:
        for index, block_id in enumerate(pending):
            self._tables.pending.view[index] = block_id
        self._tables.control[tables.PENDING_COUNT // 8] = len(pending)

    @property
    def has_new(self) -> bool:
        """Whether blocks have to be compiled before they can run."""
        return bool(self._new)

    def before_run(self) -> None:
        """Compile the blocks without copied code that were accepted since the last run, and enter
        what was compiled meanwhile. Raises TablesFull."""
        if self._new:
            batch, self._new = list(self._new.values()), {}
            self._compile_now(Job(batch, self._level, counts=self._counts))
            if self._counts:
                self._cold.update(installed.block_id for installed in batch)
        for job in self._background.finished():
            try:
                self._take(job)
            except TablesFull:
                self._promotes = False  # from now on blocks stay cold

    def promote(self) -> None:
        """Have the hot blocks compiled."""
        known = self._codes.keys() - self._cold | self._awaited.keys()
        found = [block_id for block_id in self._pending() if block_id not in known]
        self._set_pending([])
        if self._context.options.unit != "block":
            found = self._around(found)
        hot = [self._installed(block_id) for block_id in found]
        if not hot or not self._promotes:
            return
        job = Job(hot, "optimised")
        if self._in_background:
            self._awaited.update({installed.block_id: installed for installed in hot})
            self._background.submit(job)
            return
        try:
            self._compile_now(job)
        except TablesFull:
            self._promotes = False  # from now on blocks stay cold

    def _around(self, hot: list[int]) -> list[int]:
        """Hot blocks, and warm ones that they lead to: what may become regions."""
        found = dict.fromkeys(hot)
        waiting = list(found)
        for block_id in waiting:
            for other in self._following(block_id):
                if other and other not in found and len(found) < MOST and self._is_warm(other):
                    found[other] = None
                    waiting.append(other)
        return waiting

    def _is_warm(self, block_id: int) -> bool:
        """Whether a block was executed a sixteenth as often as a hot one, and is not compiled or
        was not compiled often."""
        if block_id in self._awaited or self._times.get(block_id, 0) >= AGAIN:
            return False
        left = self._tables.hot.view[block_id]
        return left > self._hot or self._hot - left >= self._hot // 16

    def _compile_now(self, job: Job) -> None:
        """Do a job and enter what it has made. Raises TablesFull."""
        self._awaited.update({installed.block_id: installed for installed in job.batch})
        try:
            self._work(job)
        except MemoryError as error:
            job.error = error
        self._take(job)

    def _compile(self, job: Job) -> None:
        """Compile the blocks of a job whose code is still there."""
        began = time.thread_time_ns()
        batch = []
        for installed in job.batch:
            with contextlib.suppress(GuestFault):
                assert installed.block
                batch.append(installed)
        job.made = self.compiler.make(batch, job.level, counts=job.counts)
        job.compiled = batch
        self._compile_ns += time.thread_time_ns() - began

    def _take(self, job: Job) -> None:
        """Enter what a job has made, unless it was dropped meanwhile. Raises TablesFull."""
        awaited = []
        for installed in job.batch:
            if self._awaited.get(installed.block_id) is installed:
                del self._awaited[installed.block_id]
                awaited.append(installed)
        if job.error is None and job.made is not None:
            began = time.thread_time_ns()
            timed = self._context.phases.within(Phase.COMPILATION)
            with contextlib.suppress(MemoryError), timed:
                self._load(job.made, job.compiled, awaited)
                self._compile_ns += time.thread_time_ns() - began
                return
        if job.error is not None and not isinstance(job.error, MemoryError):
            raise job.error
        raise TablesFull

    def _load(
        self, made: "Made", compiled: Sequence[Installed], awaited: Collection[Installed]
    ) -> None:
        """Put units where they run, and enter those that are awaited."""
        entered, old = [], []
        for installed, code in zip(compiled, self.compiler.load(made), strict=True):
            if installed in awaited:
                old.append(self._codes.get(installed.block_id, 0))
                self._codes[installed.block_id] = code
                self._cold.discard(installed.block_id)
                self._times[installed.block_id] = self._times.get(installed.block_id, 0) + 1
                entered.append(installed)
            else:
                self.compiler.drop([code])
        if entered:
            self._begin()
            self._enter(entered)
            self.compiler.drop(old)
            self._compiled += len(entered)

    def _begin(self) -> None:
        """Tell the tables what the first unit needs."""
        if not self._begun:
            self._begun = True
            self._tables.units_begin(
                self.compiler.enter_address, self.compiler.unlinked_address, self._links.end
            )

    def statistics(self) -> Mapping[str, int]:
        """Blocks compiled so far, bytes of machine code, and the processor time that it took to
        compile blocks and to enter them in the tables."""
        return {
            "compiled_blocks": self._compiled,
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
