"""Which blocks may be chained into, and which return to Python before they are entered."""

from collections.abc import Collection

from backends.numba_jit import tables
from dbt.interfaces import ChainEverything, LinkRules
from dbt.ir.block import BlockKey


class Admission:
    """The chain rules, the watched pcs and the pcs with a probe that are in force."""

    def __init__(self) -> None:
        self.rules: LinkRules = ChainEverything()
        self.watched: set[int] = set()
        self._probed: set[int] = set()

    def watch(self, pcs: Collection[int], changed: Collection[int] | None) -> Collection[int]:
        """Watch these pcs and no others. ``changed``: no others are watched anew or no longer;
        None: any may be. Returns those that are."""
        return _follow(self.watched, pcs, changed)

    def probe(self, pcs: Collection[int], changed: Collection[int] | None) -> Collection[int]:
        """Give these pcs a probe and no others. ``changed`` and the result are as in ``watch``."""
        return _follow(self._probed, pcs, changed)

    def is_probed(self, key: BlockKey) -> bool:
        """True when a block has to return to Python as soon as it begins."""
        return key.arrives_at(self._probed)

    def refusal(self, key: BlockKey) -> int:
        """The entry of table DENIED for the block of a key: 0, or bits REFUSED and WATCHED."""
        if key.arrives_at(self.watched):
            return tables.REFUSED | tables.WATCHED
        return 0 if self.rules.permits(key.pc) else tables.REFUSED


def _follow(
    own: set[int], wanted: Collection[int], changed: Collection[int] | None
) -> Collection[int]:
    """Make a set equal to another, from which it differs in ``changed`` alone, or, None, in
    anything. Returns what it differed in."""
    if changed is None:
        changed = own.symmetric_difference(wanted)
    for pc in changed:
        (own.add if pc in wanted else own.discard)(pc)
    return changed
