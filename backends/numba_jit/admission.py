"""Which blocks may be chained into, and which the executor comes back before."""

from collections.abc import Collection

from backends.numba_jit import tables
from dbt.interfaces import LinkKind, LinkRules
from dbt.ir.block import ARRIVED, BlockKey


class _Everything:
    """The rules until the first ``apply``: everything may chain."""

    kinds: frozenset[LinkKind] = frozenset(LinkKind)

    def permits(self, pc: int) -> bool:
        return pc >= 0


class Admission:
    """The chain rules, and the pcs that are watched or flagged, as they now stand."""

    def __init__(self) -> None:
        self.rules: LinkRules = _Everything()
        self.watched: frozenset[int] = frozenset()
        self._flagged: frozenset[int] = frozenset()

    def watch(self, pcs: Collection[int]) -> frozenset[int]:
        """Watch these pcs from now on. Returns those that are concerned by the change."""
        before, self.watched = self.watched, frozenset(pcs)
        return before ^ self.watched

    def flag(self, pcs: Collection[int]) -> frozenset[int]:
        """Have blocks at these pcs come back by themselves. Returns as ``watch`` does."""
        before, self._flagged = self._flagged, frozenset(pcs)
        return before ^ self._flagged

    def is_flagged(self, key: BlockKey) -> bool:
        """Whether a block is to come back before it begins."""
        return key.pc in self._flagged and not key.mode & ARRIVED

    def refusal(self, key: BlockKey) -> int:
        """What the table DENIED holds for the blocks of a key."""
        if key.pc in self.watched and not key.mode & ARRIVED:
            return tables.REFUSED | tables.WATCHED
        return 0 if self.rules.permits(key.pc) else tables.REFUSED
