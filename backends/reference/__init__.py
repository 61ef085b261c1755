"""The reference backend: slow and obviously right, the oracle of events, faults, flags and counts.

It evaluates the IR. It keeps the links that a chaining backend would make, although they save no
time here, so that it counts the dispatches that every backend has to count.
"""

import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from types import ModuleType
from typing import Any

import attrs

from backends.native.atomics import compare_exchange
from backends.native.guard import Watched
from dbt.block_index import PageIndex
from dbt.execute import Edge, execute
from dbt.interfaces import (
    PC_SLOT,
    ChainEverything,
    Context,
    Event,
    Extent,
    FaultHit,
    FuelOut,
    HaltHit,
    HookHit,
    HostCode,
    LinkKind,
    LinkRules,
    Made,
    NotTranslated,
    Reason,
    ReportCode,
    Rewritten,
    SyscallHit,
    TrapHit,
    WatchHit,
    return_hits,
)
from dbt.ir.block import Block, BlockKey
from dbt.ir.printer import print_block
from dbt.permissions import GuardedMemory, reason_of
from dbt.phases import Phase
from dbt.stops import UsageError


class ReferenceBackend:
    """Makes executors that evaluate the IR in plain Python. Needs no compiler."""

    name = "reference"

    def open(self, context: Context) -> "ReferenceExecutor":
        """An executor that works on ``context``. Raises UsageError for a tier that compiles."""
        if context.options.tier in ("1", "2"):
            raise UsageError(
                f"the backend reference has no tiers (tier {context.options.tier!r} was asked for):"
                " leave it at 'auto', or take another backend"
            )
        return ReferenceExecutor(context)

    def kept(self) -> tuple[str, ...]:
        """Nothing."""
        return ()


@attrs.frozen
class Link:
    """A link that is made: target ``index`` of the exit of ``source`` leads to ``target``."""

    source: BlockKey
    index: int
    target: BlockKey


class ReferenceExecutor:
    """Runs installed blocks one evaluation at a time."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.fuel = self.fuel_address = 0
        self.on_hit: Callable[[HookHit | SyscallHit], bool] = return_hits
        self._memory = GuardedMemory(context.memory)
        self._execute = context.phases.around(Phase.EVALUATOR, execute)
        self._watched_memory = Watched(context.memory)
        context.memory.use_atomics(compare_exchange)
        self.index = PageIndex()
        self.autonomous = False
        self.made = Made()
        self._blocks: dict[BlockKey, tuple[Block, int]] = {}
        self._links: set[Link] = set()
        self._links_made = 0
        self._rules: LinkRules = ChainEverything()
        self._watched: frozenset[int] = frozenset()
        self._probed: frozenset[int] = frozenset()
        self._lock = threading.Lock()
        self._waiting: Link | None = None
        self._dispatches = dict.fromkeys(Reason, 0)

    # -- translations ------------------------------------------------------------------------------

    def install(self, block: Block) -> None:
        """Take over a block. Drops one with the same key, and the links to and from that."""
        self.discard([block.key])
        self._blocks[block.key] = (block, block.insn_count)
        self.index.add(Extent.of(block))

    def translate(
        self,
        key: BlockKey,
        boundaries: Collection[int],
        make: Callable[[BlockKey, int], Block],
        rewritten: Rewritten | None = None,
    ) -> None:
        """There are blocks of IR alone here."""

    def decision(self, module: ModuleType, name: str = "decide") -> int:
        """There is no compiled code here."""
        del module, name
        return 0

    def depth_keeper(self, module: ModuleType, numbers: int) -> None:
        """There is no compiled code here."""

    def set_boundary(self, pc: int, *, present: bool) -> None:
        """Nothing is made here of its own accord."""

    def discard(self, keys: Iterable[BlockKey]) -> None:
        """Drop blocks and every link into and out of them."""
        gone = {key for key in keys if self._blocks.pop(key, None)}
        self.index.remove(gone)
        if gone:
            if self._waiting and self._waiting.source in gone:
                self._waiting = None
            with self._lock:
                self._links = {
                    link for link in self._links if gone.isdisjoint((link.source, link.target))
                }

    def clear(self) -> None:
        """Drop all blocks."""
        self.discard(list(self.index))

    # -- running -----------------------------------------------------------------------------------

    def run(self, key: BlockKey) -> Event:
        """Execute from ``key`` on until something needs Python. Returns what."""
        self._watched_memory.ensure()
        self._resume(key)
        while True:
            found = self._blocks.get(key)
            if found is None:
                return self._not_translated(key)
            block, insn_count = found
            if self.fuel < insn_count:
                return self._stop(FuelOut(key), key.pc)
            self.fuel -= insn_count  # before, so that functions it invokes may take the rest
            result, completed = self._execute(block, self.context, self._memory)
            self.fuel += insn_count - completed
            if not isinstance(result, Edge):
                event = self._stop(result)
                if isinstance(event, HookHit | SyscallHit) and self.on_hit(event):
                    self._resume(key := event.resume)
                    continue
                return event
            if not self._follow(block.key, result):
                return NotTranslated(result.key)
            key = result.key
            if key.arrives_at(self._watched):
                return WatchHit(key)
            if self._probed and key.arrives_at(self._probed):
                self._dispatches[Reason.HOOK] += 1
                return WatchHit(key)

    def _resume(self, key: BlockKey) -> None:
        """Make the link that had to wait for the translation of ``key``."""
        waiting, self._waiting = self._waiting, None
        if waiting and waiting.target == key and key in self._blocks:
            self._make(waiting)

    def _follow(self, source: BlockKey, edge: Edge) -> bool:
        """Follow an edge, and count a dispatch unless it is linked. False when there is no block at
        its target."""
        direct = edge.kind is LinkKind.DIRECT
        link = Link(source, edge.index, edge.key)
        if direct and link in self._links:
            return True
        if edge.key not in self._blocks:
            self._waiting = link if direct else None
            self._dispatches[Reason.NOT_TRANSLATED] += 1
        elif not self._permits(edge.key):
            self._dispatches[Reason.DENIED] += 1
        elif direct:
            self._dispatches[Reason.UNLINKED] += 1
            self._make(link)
        elif edge.kind not in self._rules.kinds:
            self._dispatches[_MISSES[edge.kind]] += 1
        return edge.key in self._blocks

    def _make(self, link: Link) -> None:
        with self._lock:
            if LinkKind.DIRECT in self._rules.kinds and self._permits(link.target):
                self._links.add(link)
                self._links_made += 1

    def _not_translated(self, key: BlockKey) -> NotTranslated:
        self._dispatches[Reason.NOT_TRANSLATED] += 1
        self.context.state.set(PC_SLOT, key.pc)
        return NotTranslated(key)

    def _stop(self, event: Event, pc: int | None = None) -> Event:
        if pc is not None:
            self.context.state.set(PC_SLOT, pc)
        self._dispatches[self._reason(event)] += 1
        return event

    def _reason(self, event: Event) -> Reason:
        if isinstance(event, FaultHit):
            return reason_of(self._memory.perms, event)
        return _REASONS[type(event)]

    # -- policy and figures ------------------------------------------------------------------------

    def apply(self, rules: LinkRules, changed: Collection[int] | None = None) -> None:
        """Obey new rules from the next edge on."""
        del changed  # all links are looked at
        with self._lock:
            self._rules = rules
            self._unlink()

    def watch(self, pcs: Collection[int], changed: Collection[int] | None = None) -> None:
        """Return WatchHit in place of entering a block at one of these pcs."""
        del changed
        with self._lock:
            self._watched = frozenset(pcs)
            self._unlink()

    def probe(self, pcs: Collection[int] | None, changed: Collection[int] | None = None) -> None:
        """Return WatchHit when a block at one of these pcs begins."""
        del changed
        self._probed = frozenset(pcs or ())

    def _unlink(self) -> None:
        chains = LinkKind.DIRECT in self._rules.kinds
        self._links = {link for link in self._links if chains and self._permits(link.target)}

    def _permits(self, key: BlockKey) -> bool:
        return self._rules.permits(key.pc) and not key.arrives_at(self._watched)

    def dispatches(self) -> Mapping[Reason, int]:
        """Returns to the dispatcher so far, by reason."""
        return dict(self._dispatches)

    def statistics(self) -> Mapping[str, int]:
        """Numbers of blocks installed, of links made so far and of links in place."""
        return {
            "blocks": len(self._blocks),
            "links_made": self._links_made,
            "links": len(self._links),
        }

    def explain(self, key: BlockKey) -> Mapping[str, str]:
        """The IR of a block, which is what is evaluated."""
        found = self._blocks.get(key)
        return {"ir": print_block(found[0])} if found else {}

    def forking(self) -> AbstractContextManager[Any]:
        """See ``dbt.interfaces.Executor``."""
        return self._lock

    def code(self) -> Iterable[HostCode]:
        """There is none."""
        return ()

    def follow_code(self, report: ReportCode) -> None:
        """No code is made."""

    def keep(self) -> None:
        """Nothing here serves later runs."""

    def close(self) -> None:
        """Drop all blocks and links."""
        self._watched_memory.close()
        self.discard(list(self.index))


_MISSES = {LinkKind.INDIRECT: Reason.INDIRECT_MISS, LinkKind.RETURN: Reason.RETURN_MISS}

_REASONS: Mapping[type, Reason] = {
    SyscallHit: Reason.SYSCALL,
    HookHit: Reason.HOOK,
    HaltHit: Reason.HALT,
    TrapHit: Reason.TRAP,
    FuelOut: Reason.BUDGET,
}
