"""The lifter of Thumb state: the methods of A32 for the rows of T32, and what T32 alone has.

In an IT block, conditions come from ITSTATE. It is part of the mode of a block that begins in one,
and lies in the slot ``it`` between instructions, also between the test of a condition and what is
behind it: an instruction that faults there is still in the IT block. An instruction that jumps is
the last of an IT block, and the mode behind its test does without ITSTATE.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from dbt.decode.table import Row, TableError
from dbt.ir.block import CONDITION_PASSED, Block, BlockKey, Branch, Const, Halt, Value
from dbt.ir.types import I32
from frontends.arm.conditions import AL, condition
from frontends.arm.encodings.t32 import T32
from frontends.arm.idioms import Idioms, ThumbIdioms
from frontends.arm.keys import FRONTEND_MODE, IT, IT_SHIFT, advanced
from frontends.arm.lift.data_processing import DataProcessing
from frontends.arm.lift.media import Media
from frontends.arm.lift.multiply import Multiply
from frontends.arm.lift.simd import Simd
from frontends.arm.lift.system import System
from frontends.arm.lift.thumb_branch import ThumbBranches
from frontends.arm.lift.thumb_data import ThumbData
from frontends.arm.lift.thumb_memory import ThumbMemory
from frontends.arm.lift.vfp import Vfp

LAST = AL << 4 | 8
"""ITSTATE of the last instruction of an IT block, whose condition holds."""
_FREE = frozenset({"SVC", "MSR_reg", "VMSR", "UDF", "BKPT"})
"""Methods that may end a block amid an IT block. The mode behind their test has ITSTATE, and so no
location."""


class T32Lifter(
    ThumbData, ThumbMemory, ThumbBranches, DataProcessing, Multiply, Media, System, Vfp, Simd
):
    """Lifts every row of the T32 table."""

    table = T32

    def __init__(self, block: Block) -> None:
        super().__init__(block)
        self.it = self._begin_in(self.mode >> IT_SHIFT & 0xFF)
        """ITSTATE of the current instruction."""
        self.mode &= ~IT
        self._it_is_set = False

    # -- what differs in Thumb state

    @property
    def idioms(self) -> Idioms:
        return ThumbIdioms(self.word, self.previous)

    @property
    def condition(self) -> int:
        return self.it >> 4 if self.it and self.it >> 4 < AL else AL

    @property
    def key(self) -> BlockKey:
        return BlockKey(self.pc, self.mode & FRONTEND_MODE | self.it << IT_SHIFT)

    @property
    def next_key(self) -> BlockKey:
        return BlockKey(self.next_pc, self.mode & FRONTEND_MODE | self.it_after << IT_SHIFT)

    @property
    def link(self) -> int:
        return self.next_pc | 1

    def read(self, n: int) -> Value:
        """Register ``n``; r15 reads as the address of the instruction plus 4, a constant."""
        return Const((self.pc + 4) & 0xFFFFFFFF, I32) if n == 15 else super().read(n)

    def base(self, n: int) -> Value:
        """Register ``n`` as the base of an address: r15 is aligned."""
        if n != 15:
            return super().read(n)
        return Const((self.pc & 0xFFFFFFFC) + 4 & 0xFFFFFFFF, I32)

    def in_same_state(self, target: Value) -> Value:
        """A result that is written to pc stays in Thumb state (BranchWritePC)."""
        if isinstance(target, Const):
            return Const(target.value | 1, I32)
        return self.ir.or_(target, 1)

    def split_on_condition(self, c: int) -> bool:
        if c == AL or self.condition_passed:
            return False
        holds, mode = condition(self.ir, c), self.mode | CONDITION_PASSED
        if self.it:  # the part behind the test is in the IT block, too
            state = self.ir.select(holds, Const(self.it, I32), Const(self.it_after, I32))
            self.ir.set("it", state)
            self._it_is_set = True
        if self.it & 7:
            mode |= self.it << IT_SHIFT
        self.end(Branch(holds, BlockKey(self.pc, mode), self.next_key))
        return True

    # -- one instruction

    def take_changing(self, word: Any) -> None:
        self.it = self._begin_in(word >> 32 & 0xFF)

    def _begin_in(self, it: int) -> int:
        """ITSTATE of the first instruction, of that in the mode. A tested condition without it is
        that of the last instruction of an IT block: so its key has a location."""
        return LAST if self.condition_passed and not it else it

    def begin_instruction(self) -> None:
        """Compute what ITSTATE is after the instruction that comes."""
        if not self.it:
            self.it = 0  # and no Number that happens to be 0
        self.it_after = advanced(self.it)
        self._it_is_set = False

    def lift_row(self, row: Row, fields: tuple[Any, ...]) -> None:
        """Lift an instruction of a row."""
        _ROWS[row.name](self, fields)
        if self.exit is not None and self.it & 7 and _method_of(row) not in _FREE:
            self.unpredictable()

    def end_instruction(self) -> None:
        """Set the slot ``it``, and advance ITSTATE to the next instruction's."""
        self.ir.when = None
        halted = isinstance(self.exit, Halt)
        if (self.it or self.it_after) and not halted and not self._it_is_set:
            self.ir.set("it", Const(self.it_after, I32))
        self.it = self.it_after


# -- rows ------------------------------------------------------------------------------------------

_Lift: TypeAlias = Callable[[T32Lifter, tuple[Any, ...]], None]


def _method_of(row: Row) -> str:
    return row.name.partition(".")[0]


class _Source:
    """What gives an argument: a field, or what a note says."""

    def __init__(self, row: Row, name: str, note: str) -> None:
        self._number = int(note) if note.isdigit() else None
        self._sets_flags = note == "it"
        factor, _, letter = note.rpartition("*")
        self._factor, self._letter = int(factor or 1), letter or name
        self._is_condition = self._letter == "c" and "c" not in row.letters
        given = note.isdigit() or self._sets_flags or self._is_condition
        if not given and self._letter not in row.letters:
            raise TableError(f"{row.name}: nothing gives {name}")

    def value(self, lifter: T32Lifter, field: Mapping[str, Any]) -> Any:
        """The argument."""
        if self._number is not None:
            return self._number
        if self._sets_flags:
            return 0 if lifter.it else 1
        if self._is_condition:
            return lifter.condition
        return field[self._letter] * self._factor


class _Bound:
    """A row with its method: computes the arguments from the fields and the notes."""

    def __init__(self, row: Row) -> None:
        notes = dict(note.split("=", 1) for note in row.notes)
        self._letters = row.letters
        method = getattr(T32Lifter, _method_of(row), None)
        if method is None:
            raise TableError(f"{row.name}: no method of T32Lifter lifts this row")
        self._method: Callable[..., None] = method
        code = method.__code__
        names = code.co_varnames[1 : code.co_argcount]
        used = {notes.get(name, name)[-1:] for name in names} | {notes.get("drop", "")}
        used |= set(notes.get("same", ""))
        if left := set(row.letters) - used:
            raise TableError(f"{row.name}: {', '.join(sorted(left))} are no arguments")
        self._sources = [_Source(row, name, notes.pop(name, "")) for name in names]
        self._amid = notes.pop("it", "")
        self._same, self._copy = notes.pop("same", ""), notes.pop("copy", "")
        notes.pop("drop", None)
        bad, pc, sp = (notes.pop(word, "") for word in ("bad", "pc", "sp"))
        self._not_pc, self._not_sp = bad + pc, bad + sp
        if notes:
            raise TableError(f"{row.name}: {', '.join(sorted(notes))} are no notes of T32")

    def __call__(self, lifter: T32Lifter, fields: tuple[Any, ...]) -> None:
        field = dict(zip(self._letters, fields, strict=True))
        it = lifter.it
        if self._amid and (it if self._amid == "no" else it & 7):
            lifter.unpredictable()
        if any(field[x] == 15 for x in self._not_pc) or any(field[x] == 13 for x in self._not_sp):
            lifter.unpredictable()
        if self._same and field[self._same[0]] != field[self._same[1]]:
            lifter.unpredictable()
        if self._copy and field[self._copy[0]] == 13 and field[self._copy[1]] != 13:
            lifter.unpredictable()
        self._method(lifter, *(source.value(lifter, field) for source in self._sources))


_ROWS: Mapping[str, _Lift] = {row.name: _Bound(row) for row in T32}
