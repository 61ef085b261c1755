"""The host code of one executor: all that there is, and reports of what is made."""

import time
from collections.abc import Callable, Iterator, Sequence

from backends.numba_jit.block_table import BlockTable
from backends.numba_jit.stencils.tier import Copies
from backends.numba_jit.units.tier import Units
from dbt.interfaces import HostCode, ReportCode

Enter = Callable[..., int]
"""Calls the loop."""


class HostCodes:
    """Finds host code and reports it. ``own`` is code that belongs to no block.

    The loop adds blocks without a word. They are found by the ids that were taken meanwhile, when
    the loop returns: they may have run since it was entered, and what had their place before had
    been dropped by then, for nothing is dropped while the loop runs.
    """

    def __init__(
        self, blocks: BlockTable, copies: Copies, units: Units, own: Sequence[HostCode]
    ) -> None:
        self._blocks, self._copies, self._units, self._own = blocks, copies, units, own
        self._report: ReportCode | None = None
        self._mark = blocks.mark
        self._shared: set[int] = set()
        """Addresses of the code that was reported and belongs to no block."""

    def __iter__(self) -> Iterator[HostCode]:
        yield from self._own
        yield from self._copies.shared_code()
        yield from self._copied(self._blocks.ids())
        yield from self._units.code()

    def _copied(self, ids: Iterator[int]) -> Iterator[HostCode]:
        for block_id in ids:
            start, end = self._blocks.code(block_id)
            if start:
                yield HostCode("copy", "", self._blocks.key(block_id), start, end - start)

    def follow(self, report: ReportCode) -> None:
        """See ``dbt.interfaces.Executor.follow_code``."""
        self._report, self._mark = report, self._blocks.mark
        self._shared.clear()
        self._tell(iter(self), time.monotonic_ns())

    def around(self, enter: Enter) -> Enter:
        """``enter``, with a report of the blocks that were made when it returns."""

        def followed(*arguments: object) -> int:
            since = time.monotonic_ns()
            result = enter(*arguments)
            self.collect(since)
            return result

        return followed

    def collect(self, since: int | None = None) -> None:
        """Report the copied blocks that were made since the last call: those that did not run
        before ``since``, which is now if none did. Called before blocks are dropped."""
        if self._report is not None:
            found = self._copied(self._blocks.added_since(self._mark))
            self._tell(self._copies.shared_code(), since)
            self._tell(found, since)
            self._mark = self._blocks.mark

    def dropped(self) -> None:
        """Blocks were dropped."""
        self._mark = self._blocks.mark

    def entered(self, blocks: Sequence[int]) -> None:
        """Report the units that these blocks have got."""
        if self._report is not None:
            self._tell(self._units.code(blocks), None)

    def _tell(self, found: Iterator[HostCode], since: int | None) -> None:
        assert self._report is not None
        for code in found:
            if code.key is None:
                if code.address in self._shared:
                    continue
                self._shared.add(code.address)
            self._report(code, time.monotonic_ns() if since is None else since)
