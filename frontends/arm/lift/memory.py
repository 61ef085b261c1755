"""Everything that loads or stores, and the prefetch hints."""

from frontends.arm.lift.acquire import Acquire
from frontends.arm.lift.block_transfer import BlockTransfer
from frontends.arm.lift.load_store_pair import LoadStorePair


class Memory(LoadStorePair, BlockTransfer, Acquire):
    """One method per row of ``encodings/memory.py`` and ``encodings/acquire.py``; the hints are
    here, the rest is inherited."""

    def PLD_imm(self) -> None:
        """pld [Rn, #i]; pldw [Rn, #i]: a prefetch never faults and has no effect to be seen."""

    def PLD_reg(self) -> None:
        """pld [Rn, Rm]; pldw [Rn, Rm]."""

    def PLI_imm(self) -> None:
        """pli [Rn, #i]."""

    def PLI_reg(self) -> None:
        """pli [Rn, Rm]."""

    def HINT_imm(self) -> None:
        """Unallocated memory hint."""

    def HINT_reg(self) -> None:
        """Unallocated memory hint."""
