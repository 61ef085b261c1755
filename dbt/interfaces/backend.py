"""What the core asks of a backend, and of the executors it opens."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Protocol

import attrs

from dbt import choices
from dbt.interfaces.chaining import LinkRules, Reason
from dbt.interfaces.events import Event
from dbt.ir.block import Block, BlockKey
from dbt.ir.machine import CounterBank, FunctionBank, Memory, StackBank, State

TIERS = ("0", "1", "2", "auto")
UNITS = ("block", "region")
"""What is compiled at a time: a block, or a loop within a batch of them. Tiers 0 and 1 know blocks
only."""


def _tier(given: object) -> str:
    plain = isinstance(given, int) and not isinstance(given, bool)
    return choices.one_of("tier", str(given) if plain else given, TIERS)


def _unit(given: object) -> str:
    return choices.one_of("unit", given, UNITS)


def _hot(given: object) -> int:
    return choices.whole("hot", given)


@attrs.frozen
class BackendOptions:
    """What a user may choose. A backend ignores what it has no use for. Raises UsageError.

    ``tier``: 0 interprets, 1 compiles quickly, 2 compiles optimised, auto does 0 and then 2.
    ``unit``: what is compiled at a time. ``hot``: executions of a block after which ``auto``
    compiles it (compiling takes 3-6 ms, an execution in tier 0 some 20 ns longer).
    """

    tier: str = attrs.field(default="auto", converter=_tier)
    unit: str = attrs.field(default="block", converter=_unit)
    hot: int = attrs.field(default=10_000, converter=_hot)


@attrs.frozen
class Context:
    """All that an executor works on; it lives as long as the executor."""

    state: State
    memory: Memory
    counters: CounterBank
    stacks: StackBank
    functions: FunctionBank
    key_of: Callable[[int], BlockKey]
    """Key of an indirect location (Frontend.key_of)."""
    location_of: Callable[[BlockKey], int]
    """The location that names a key, for keys that have one (Frontend.location_of)."""
    options: BackendOptions = BackendOptions()


class TablesFull(Exception):
    """An executor has no room for another block: it takes it when others have been discarded."""


class Executor(Protocol):
    """Runs installed blocks. Not thread safe, but ``apply`` may be called while ``run`` runs."""

    fuel: int
    """Guest instructions left. ``run`` takes what it executes off this, exactly. A function that
    ``invoke`` calls may set it to 0, which makes ``run`` come back at the next block that
    counts instructions."""

    def install(self, block: Block) -> None:
        """Accept an optimised, verified block; an older one with the same key is replaced. Raises
        TablesFull."""

    def discard(self, keys: Iterable[BlockKey]) -> None:
        """Drop translations and unlink every edge into them. Unknown keys are ignored."""

    def installed(self) -> Collection[BlockKey]: ...

    def run(self, key: BlockKey) -> Event:
        """Go on at ``key`` until something needs Python."""

    def apply(self, rules: LinkRules) -> None:
        """Obey new rules from the next edge on: unlink what they no longer permit."""

    def watch(self, pcs: Collection[int]) -> None:
        """From the next edge on, come back with WatchHit instead of running on into a block at one
        of these pcs; nothing chains into them (a dispatch counts as ``denied``). Blocks whose
        condition has been tested, or whose hook has run (CONDITION_PASSED, HOOKED), are not meant,
        nor is the block that ``run`` is called with."""

    def probe(self, pcs: Collection[int] | None) -> None:
        """Set probes: blocks at these pcs come back with WatchHit when they begin, and links stay
        as they are (a dispatch counts as ``hook``). Every block that is installed while ``pcs`` is
        not None tests its probe; one that was installed before does not. The same entries are
        exempt as in ``watch``."""

    def dispatches(self) -> Mapping[Reason, int]:
        """Exact numbers of returns to the dispatcher, by reason, since the executor was opened."""

    def statistics(self) -> Mapping[str, int]:
        """Further figures: blocks and bytes per tier, links made, compile time in µs."""

    def explain(self, key: BlockKey) -> Mapping[str, str]:
        """Texts per stage of this backend (``bytecode``, ``llvm``, ``out_asm``) of one block."""

    def close(self) -> None:
        """Release code and tables. The executor is not used afterwards."""


class Backend(Protocol):
    """Makes executors. Found by entry point, group ``dbt.backends``; constructed with no
    arguments."""

    name: str

    def open(self, context: Context) -> Executor: ...
