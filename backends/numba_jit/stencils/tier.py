"""The tier of copied code: blocks of the guest's own instructions, made without IR."""

import time
from collections.abc import Collection, Mapping

from backends.numba_jit import tables
from backends.numba_jit.installed import Installed
from backends.numba_jit.stencils.copier import Copier, Draft
from backends.numba_jit.stencils.native import Native
from backends.numba_jit.tables import Tables
from dbt.interfaces import Context
from dbt.ir.block import Block, BlockKey


class Copies:
    """Copies blocks and links them (a ``tiers.Tier``)."""

    def __init__(self, context: Context, shared: Tables) -> None:
        self.starts, self.entries = shared.copy.view, shared.copy_entry.view
        self._context = context
        self._tables = shared
        self._counts = context.options.tier == "auto"
        self._copier: Copier | None = None
        self._made: dict[int, tuple[Draft, int, int]] = {}
        self._seconds = 0.0
        self._insns = 0

    @property
    def copier(self) -> Copier:
        """The copier, made when the first block is to be copied."""
        if self._copier is None:
            self._copier = copier = Copier(
                self._context, tables.MAX_SLOTS, Native(), hot=self._counts
            )
            control = self._tables.control
            control[tables.COPY_LINKS // 8] = copier.code.link_words
            control[tables.COPY_ENTER // 8] = copier.enter
        return self._copier

    def draft(self, key: BlockKey, boundaries: Collection[int]) -> Draft | None:
        """The block at a key as it can be copied, or None."""
        began = time.perf_counter()
        draft = self.copier.draft(key, boundaries)
        self._seconds += time.perf_counter() - began
        return draft

    def copy(self, draft: Draft, installed: Installed) -> bool:
        """Copy the block that was drafted last. False: there is no room."""
        began = time.perf_counter()
        start, end, outs = self.copier.copy(draft, installed.block_id, installed.slots)
        if not start:
            return False
        for slot, out in zip(installed.slots, outs, strict=True):
            self._tables.copy_out.view[slot] = self.copier.code.links[slot] = out
        self._made[installed.block_id] = draft, start, end
        self._insns += draft.count
        self._seconds += time.perf_counter() - began
        return True

    def accept(self, installed: Installed) -> None:
        """See ``Tier.accept``: what is to be copied is given to ``copy``."""

    def entry(self, installed: Installed) -> int:
        """See ``Tier.entry``: a host address."""
        found = self._made.get(installed.block_id)
        return found[1] if found else 0

    def side(self, payload: int) -> tuple[Draft, int, int]:
        """The block that has left at one of its instructions, its index, and why."""
        return self._made[payload >> 8][0], payload >> 2 & 63, payload & 3

    def pc_of(self, draft: Draft, index: int) -> int:
        """The address of an instruction of a block."""
        return self.copier.pc_of(draft, index)

    def lift(self, key: BlockKey) -> Block:
        """The instruction at a key, as a block."""
        return self.copier.lift(key)

    def hand_over(self, installed: Installed) -> None:
        """Make the copy of a block lead to its unit."""
        found = self._made.get(installed.block_id)
        if found:
            self.copier.lead_out(found[1], installed.block_id)

    def drop(self, installed: Installed) -> None:
        """See ``Tier.drop``."""
        found = self._made.pop(installed.block_id, None)
        if found:
            self.copier.free(found[1], found[2])

    def statistics(self) -> Mapping[str, int]:
        """Instructions copied so far, and the time it took."""
        return {"copied_insns": self._insns, "copy_us": int(self._seconds * 1e6)}

    def explain(self, installed: Installed) -> Mapping[str, str]:
        """See ``Tier.explain``: the host's code of a copied block."""
        del installed
        return {}

    def close(self) -> None:
        """Give the memory back."""
        if self._copier is not None:
            self._copier.close()
