"""The tier of copied code: blocks of the guest's own instructions, made without IR."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from backends.native.guard import CodeWithoutChecks
from backends.numba_jit import tables
from backends.numba_jit.block_table import BlockTable
from backends.numba_jit.installed import Installed
from backends.numba_jit.records import Records, ServedRecord
from backends.numba_jit.stencils import abi
from backends.numba_jit.stencils.copier import Code, Copier, Draft
from backends.numba_jit.stencils.float_table import FloatTable
from backends.numba_jit.stencils.native import shared_native
from backends.numba_jit.tables import Tables
from dbt.interfaces import (
    Context,
    HookHit,
    HostCode,
    Local,
    Pass,
    Rewritten,
    is_local,
    is_redirecting,
    is_selective,
    sees_whole_blocks,
)
from dbt.ir.block import CONDITION_PASSED, Block, BlockKey, Halt, Hook, Swi, frontend_mode
from dbt.phases import Phase
from dbt.typing import NamedTuple


class Side(NamedTuple):
    """Copied code was left at the instruction at ``key``, of the block at ``block``, with so much
    fuel for instructions that were not executed, and for a reason (X_FAULT, X_SYSTEM, X_HALT)."""

    block: BlockKey
    key: BlockKey
    refund: int
    why: int

    @property
    def again(self) -> BlockKey:
        """The key at which the instruction is executed again, and its condition tested again."""
        return BlockKey(self.key.pc, self.key.mode & ~CONDITION_PASSED)


_MOST_SIDES = 4096


def _are_same(some: Sequence[Pass], others: Sequence[Pass]) -> bool:
    return [*map(id, some)] == [*map(id, others)]


class Copies:
    """Copies blocks and links them (a ``tiers.Tier``)."""

    def __init__(
        self,
        context: Context,
        records: Records,
        shared: Tables,
        blocks: BlockTable,
        tell: Callable[[str], None],
        lead_out: Callable[[CodeWithoutChecks | None], None],
    ) -> None:
        self._tell = tell
        self.starts, self.entries = shared.copy.view, shared.copy_entry.view
        self.open = shared.open_copies.view
        self._context = context
        self._records = records
        self._stubs: dict[int, int] = {}
        """The records of stubs, by block id."""
        self._doors: dict[int, Code] = {}
        """By block id: code that leads to the block's unit, in place of its copy."""
        self._sides: dict[int, Side] = {}
        """What ``side`` has returned since ``_removals``, for a guest makes its system calls at a
        few places."""
        self._removals = blocks.removals
        self._tables = shared
        self.floats = FloatTable(shared.control)
        self._counts = context.options.tier == "auto"
        self._copier: Copier | None = None
        self.checked = True
        """The code tests the guest's permissions itself."""
        self._lead_out = lead_out
        self._blocks = blocks
        self._probes = False
        self.passes: list[Pass] = []
        """Those that ``follow_passes`` looked at last."""
        self._seconds = 0.0
        self._insns = 0

    @property
    def copier(self) -> Copier:
        """The copier, made when the first block is to be copied."""
        if self._copier is None:
            passes, rewritten = self._built_in(), self._rewritten
            if passes or rewritten:
                self.floats.provide()  # the evaluator would do nothing that they add
            with self._context.phases.within(Phase.LIBRARY):
                copier = Copier(
                    self._context,
                    tables.MAX_SLOTS,
                    shared_native(),
                    passes,
                    hot=self._counts,
                    checked=self.checked,
                    rewritten=rewritten,
                )
            copier.probes = self._probes
            self._copier = copier
            self._lead_out(None if self.checked else copier.code.without_checks)
            if copier.is_new:
                self._tell("making code for the guest's instructions (kept for later runs) ...")
            control = self._tables.control
            control[tables.COPY_LINKS // 8] = copier.code.link_words
            control[tables.COPY_ENTER // 8] = copier.enter
            control[tables.COPY_LEAVE // 8] = copier.leave
            control[tables.UNLINKED_COPY // 8] = copier.code.dispatch_link
            control[tables.COPY_FIRST // 8] = copier.code.next
        return self._copier

    def probe(self, *, probes: bool) -> None:
        """Make code from now on that tests the probe of each block, or that does not."""
        self._probes = probes
        if self._copier is not None:
            self._copier.probes = probes

    def follow_passes(self) -> bool:
        """Look at the passes. Returns False if code was made for others: then all blocks have to
        go, before ``renew``."""
        passes = self._context.passes
        if passes == self.passes or self._copier is None:
            return True
        if not _are_same(self._built_in(), self._copier.passes):
            return False
        if self._rewritten != self._copier.rewritten:
            return False
        self.passes = [*passes]
        self._copier.look_at_boundaries(
            ends=any(map(is_selective, passes)), targets=any(map(is_redirecting, passes))
        )
        return True

    @property
    def _rewritten(self) -> bool:
        """There are passes that have to see whole blocks: then they all do."""
        return any(map(sees_whole_blocks, self._context.passes))

    def _built_in(self) -> list[Local]:
        """The passes that are built into code."""
        return [] if self._rewritten else [p for p in self._context.passes if is_local(p)]

    def renew(self) -> None:
        """Begin anew, for the passes that there are now. There must be no blocks."""
        if self._copier is not None:
            self._lead_out(None)
            self._tables.control[tables.HEADER // 8] = 0  # the loop makes none with what goes
            self._copier.close()
            self._copier, self.passes = None, []

    @property
    def header(self) -> int:
        """The address of the header of ``stencils.abi``; 0 before the first block is drafted."""
        return self._copier.library.address if self._copier else 0

    def draft(self, key: BlockKey, boundaries: Collection[int]) -> Draft | None:
        """The block at a key as it can be copied, or None."""
        began = time.perf_counter()
        draft = self.copier.draft(key, boundaries)
        self._seconds += time.perf_counter() - began
        return draft

    def draft_rewritten(self, rewritten: Rewritten, boundaries: Collection[int]) -> Draft | None:
        """The block that passes have rewritten as it can be copied, or None."""
        from backends.numba_jit.stencils.additions import read_additions

        added = read_additions(rewritten)
        if added is None or not self._copier_fits:
            return None
        began = time.perf_counter()
        draft = self.copier.draft_with(rewritten.block, added, boundaries)
        self._seconds += time.perf_counter() - began
        return draft

    @property
    def _copier_fits(self) -> bool:
        """Whether the copier is for such blocks; it is made anew before the next run if not."""
        return self._copier is None or self._copier.rewritten

    def copy(self, draft: Draft, block_id: int, slots: tuple[int, ...]) -> Code | None:
        """Copy the block that was drafted last, if there is room."""
        began = time.perf_counter()
        code = self.copier.copy(draft, block_id, slots)
        if code:
            for slot, out in zip(slots, code.outs, strict=True):
                self._tables.copy_out.view[slot] = self.copier.code.links[slot] = out
            self._own(code.start, block_id)
            self._insns += draft.insns
        self._seconds += time.perf_counter() - began
        return code

    def _own(self, start: int, block_id: int) -> None:
        """Note whose code begins at an address; 0: nobody's."""
        self._tables.copy_owner.view[(start - self.copier.code.next) // abi.UNIT] = block_id

    def stub(self, block: Block, block_id: int) -> Code | None:
        """Make the code of a block that does nothing but enter Python, if there is room."""
        assert isinstance(block.exit, Hook)
        record = self._records.new(ServedRecord(HookHit(block.exit.resume)))
        code = self.copier.stub(record)
        if code is None:
            self._records.drop([record])
        else:
            self._stubs[block_id] = record
        return code

    def accept(self, installed: Installed) -> None:
        """See ``Tier.accept``: what has copied code is given to ``copy`` or ``stub``."""

    def entry(self, installed: Installed) -> int:
        """See ``Tier.entry``: a host address."""
        door = self._doors.get(installed.block_id)
        return door.start if door else self._blocks.code(installed.block_id)[0]

    def side(self, payload: int) -> "Side":
        """Where a block has left at one of its instructions, and why."""
        if self._removals != self._blocks.removals or len(self._sides) == _MOST_SIDES:
            self._sides.clear()
            self._removals = self._blocks.removals
        side = self._sides.get(payload)
        if side is None:
            side = self._side(payload >> 8, payload >> 2 & 63, payload & 3)
            self._sides[payload] = side
        return side

    def refused(self, offset: int) -> "Side":
        """Where code without checks has left, at an offset in the memory of code, because the host
        has refused an access to it."""
        code, owner = self.copier.code, self._tables.copy_owner.view
        at = code.start + offset
        unit = (at - code.next) // abi.UNIT
        while not owner[unit]:
            unit -= 1
        block_id = owner[unit]
        count = self._blocks.count(block_id)
        index = self.copier.index_at(*self._blocks.code(block_id), count, at)
        return self._side(block_id, index, abi.X_FAULT)

    def _side(self, block_id: int, index: int, why: int) -> "Side":
        extent = self._blocks.extent(block_id)
        alignment = self.copier.library.encoding(extent.key.mode).alignment
        pc = extent.key.pc + self._blocks.place(block_id, index) * alignment
        mode = frontend_mode(extent.key.mode) if index else extent.key.mode
        completed = index - 1 if extent.key.mode & CONDITION_PASSED else index
        refund = extent.insn_count - completed
        return Side(extent.key, BlockKey(pc, mode), refund, why)

    def check(self, *, checked: bool) -> None:
        """Make code from now on that tests the guest's permissions itself, or that does not. There
        must be no blocks."""
        if checked != self.checked:
            self.checked = checked
            self.renew()

    def left(self, side: "Side") -> Swi | Halt | None:
        """The exit by which a block has left; None when its code is not there any more."""
        exit_ = self.copier.left(side.key, side.block.pc)
        kinds = {abi.X_SYSTEM: Swi, abi.X_HALT: Halt}
        return exit_ if type(exit_) is kinds[side.why] else None

    def trap_reason(self) -> str:
        """The reason of the trap by which a block has left last."""
        return self.copier.reason(self._tables.control[tables.TRAP_REASON // 8])

    def hand_over(self, installed: Installed) -> None:
        """Have a block entered at its unit, if there is room. Its copy remains, for the unit may
        leave to it."""
        block_id = installed.block_id
        if self._blocks.code(block_id)[0] and block_id not in self._doors:
            door = self.copier.door(block_id)
            if door:
                self._doors[block_id] = door

    def take_back(self, installed: Installed) -> None:
        """Have a block entered at its copy again."""
        door = self._doors.pop(installed.block_id, None)
        if door:
            self.copier.free(door.start, door.end)

    def drop(self, installed: Installed) -> None:
        """See ``Tier.drop``."""
        self.take_back(installed)
        start, end = self._blocks.code(installed.block_id)
        if start:
            self._own(start, 0)
            self.copier.free(start, end)
        record = self._stubs.pop(installed.block_id, None)
        if record is not None:
            self._records.drop([record])

    def clear(self) -> None:
        """See ``Tier.clear``."""
        self._doors.clear()
        if self._copier is not None:
            self._copier.clear()

    def statistics(self) -> Mapping[str, int]:
        """Instructions copied so far, the bytes of code that they take, and the time that Python
        took for it, which makes what the library lacks."""
        native = self._tables.control[tables.MADE_INSNS // 8]
        return {
            "copied_insns": self._insns + int(native),
            "copied_bytes": self._copier.used if self._copier else 0,
            "copy_us": int(self._seconds * 1e6),
        }

    def explain(self, installed: Installed) -> Mapping[str, str]:
        """See ``Tier.explain``: the host code of a copied block, as it is made anew."""
        if installed.targets is None or self._rewritten:
            return {}
        extent = self._blocks.extent(installed.block_id)
        draft = self.draft(extent.key, {extent.key.pc + extent.size})
        if draft is None:
            return {}
        return {"copied": self.copier.text(draft, installed.block_id, installed.slots)}

    def shared_code(self) -> Iterator[HostCode]:
        """The code that all blocks share."""
        if self._copier is not None:
            code = self._copier.code
            yield HostCode("copy", "dispatcher", None, code.start, code.next - code.start)

    def keep(self) -> None:
        """Keep the library on disk, if it has grown."""
        if self._copier is not None:
            self._copier.keep()

    def close(self) -> None:
        """Give the memory back."""
        self.floats.close()
        if self._copier is not None:
            self._copier.close()
