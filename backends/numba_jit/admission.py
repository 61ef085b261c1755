"""Which blocks may be chained into, and which return to Python before they are entered."""

from collections.abc import Collection

from backends.numba_jit import tables
from dbt.interfaces import ChainEverything, LinkRules
from dbt.ir.block import BlockKey


class Admission:
    """The chain rules, the watched pcs and the pcs with a probe that are in force."""

    def __init__(self) -> None:
        self.rules: LinkRules = ChainEverything()
        self.watched: frozenset[int] = frozenset()
        self._probed: frozenset[int] = frozenset()

    def watch(self, pcs: Collection[int]) -> frozenset[int]:
        """Watch these pcs and no others. Returns those that are watched anew or no longer."""
        before, self.watched = self.watched, frozenset(pcs)
        return before ^ self.watched

    def probe(self, pcs: Collection[int]) -> frozenset[int]:
        """Give these pcs a probe and no others. Returns those whose probe is new or gone."""
        before, self._probed = self._probed, frozenset(pcs)
        return before ^ self._probed

    def is_probed(self, key: BlockKey) -> bool:
        """True when a block has to return to Python as soon as it begins."""
        return key.arrives_at(self._probed)

    def refusal(self, key: BlockKey) -> int:
        """The entry of table DENIED for the block of a key: 0, or bits REFUSED and WATCHED."""
        if key.arrives_at(self.watched):
            return tables.REFUSED | tables.WATCHED
        return 0 if self.rules.permits(key.pc) else tables.REFUSED
