"""What a campaign needs to know of ARM state and of Thumb state: how instructions are drawn, listed
and excused."""

from collections.abc import Callable, Mapping, Sequence
from random import Random

import attrs
from support import (
    arm_batches,
    arm_listing,
    arm_oracle,
    thumb_batches,
    thumb_excuses,
    thumb_listing,
)
from support.arm_batches import Batch
from support.arm_fuzz_memory import Finish
from support.arm_oracle import Case, Oracle, Q

from dbt.decode.table import Row, Table
from frontends.arm.encodings import A32, neon_core, vfp, vfp_v8
from frontends.arm.encodings.t32 import T32

VFP_ROWS = frozenset(Table(vfp.A32, vfp_v8.A32, neon_core.A32, never={"c": 0b1111}).by_name)
"""They have a campaign of their own."""
EXACT_SUM = (
    "SMLAD: result = product1 + product2 + SInt(R[a]); if result != SInt(result<31:0>) then "
    "APSR.Q = '1'"
)
SEVERAL = (
    "LDM", "STM", "LDRD", "STRD", "PUSH", "POP", "LDREXD", "STREXD", "LDAEXD", "STLEXD",
)  # fmt: skip
"""Beginnings of rows that access memory more than once."""


@attrs.frozen
class State:
    """One of the two. ``silent`` and ``unpredictable`` give the manual's words for why a word is
    not listed as ``mnemonics`` say, ``excused`` those for why a case ends otherwise than with the
    oracle, and ``refusable`` those for why it must not run."""

    table: Table
    draw_batch: Callable[[Random, Sequence[Row], int], Batch]
    draw_sequences: Callable[[Random, int, int], Batch]
    listing: Callable[[int], str]
    mnemonics: Callable[[Row, int], tuple[str, ...]]
    silent: Callable[[Row, int], str | None]
    unpredictable: Callable[[Row, int], str | None]
    excused: Callable[[Case, Finish, Finish], str | None]
    refusable: Callable[[Case], str | None] = lambda case: None

    def excuse(self, case: Case, ours: Finish, theirs: Finish, oracle: Oracle) -> str | None:
        """The manual's words for why a case ends otherwise than with the oracle, which has run it,
        or None."""
        if not ours.cpsr & Q and ours == attrs.evolve(theirs, cpsr=theirs.cpsr ^ Q):
            indices = range(len(case.words))
            summed = any(self._sums_in_steps(case, index, oracle) for index in indices)
            return EXACT_SUM if summed else None
        if ours.kind == theirs.kind == "fault" and ours.location == theirs.location:
            faulted = self.table.match(case.words[case.places.index(ours.location & ~1)])
            if faulted is not None and faulted[0].name.startswith(SEVERAL):
                return "a transfer of several registers that faults leaves them and memory UNKNOWN"
        return self.excused(case, ours, theirs)

    def _sums_in_steps(self, case: Case, index: int, oracle: Oracle) -> bool:
        """True when an instruction is an SMLAD of which the oracle has set Q for the sum of the
        products, which no other than this one overflows, although it fits with Ra. QEMU has mended
        that since."""
        row, fields = self.table.match(case.words[index]) or (None, ())
        if row is None or row.name != "SMLAD":
            return False
        registers, before = case.registers, case.cpsr
        if index:
            found = oracle.run(attrs.evolve(case, words=case.words[:index]))
            registers, before = found.registers, found.cpsr
        after = oracle.run(attrs.evolve(case, words=case.words[: index + 1])).cpsr
        field = dict(zip(row.letters, fields, strict=True))
        n, m, a = (registers[field[name]] for name in "nma")
        return n == m == 0x80008000 and bool(a >> 31) and bool(after & ~before & Q)

    def misread(self, row: Row, word: int) -> tuple[str, str | None]:
        """Capstone's mnemonic and the manual's words for why it may differ from the row's; the
        first is empty if it does not differ."""
        listed = self.listing(word)
        if listed in self.mnemonics(row, word):
            return "", None
        words = self.silent(row, word) or self.unpredictable(row, word)
        return listed, words if listed == ".word" or self.table is T32 else None


STATES: Mapping[str, State] = {
    "arm": State(
        A32,
        arm_batches.draw_batch,
        arm_batches.draw_sequences,
        arm_listing.listing,
        arm_listing.mnemonics,
        arm_listing.silent,
        arm_oracle.unpredictable,
        arm_oracle.excused,
    ),
    "thumb": State(
        T32,
        thumb_batches.draw_batch,
        thumb_batches.draw_sequences,
        thumb_listing.listing,
        thumb_listing.mnemonics,
        thumb_listing.silent,
        thumb_excuses.unpredictable,
        thumb_excuses.excused,
        thumb_excuses.refusable,
    ),
}
