"""Adds to a library what another process has added to the same one meanwhile.

Shapes are lifted again, from the samples that the other library has. The code of stencils is taken
over; what its patches refer to has other numbers.
"""

from collections.abc import Callable, Iterator

from backends.numba_jit.stencils import abi
from backends.numba_jit.stencils.additions import Addition
from backends.numba_jit.stencils.library import EXIT, FURTHER, VARIANT, Library

_LIVE = abi.LIVE // 8
_WHAT, _PROGRAM, _TABLE = (at // 8 for at in (abi.WHAT, abi.VALUE_PROGRAM, abi.TABLE))

Sample = tuple[int, int, int, int, int]


def merge(library: Library, saved: bytes, shape_of: Callable[[Sample, Addition], int]) -> None:
    """Add what a saved library of the same stamp has, as far as there is room. ``shape_of`` returns
    the shape of a sample with an addition in the library, which it makes if it is not known."""
    other = Library(library.layout, library.word_bits, library.encodings, library.changing)
    try:
        other.restore(memoryview(saved))
        merging = _Merging(library, other)
        for shape in range(1, other.shape_count):
            if not library.has_room():
                return
            word, pc, before, mode, head = other.samples.row(shape)
            sample = word, pc, before, mode, head
            merging.take(shape, shape_of(sample, other.addition_of(shape)))
    finally:
        other.close()


class _Merging:
    """Takes stencils of one library over to another."""

    def __init__(self, library: Library, other: Library) -> None:
        self._library, self._other = library, other
        other.read_index()
        self._terms = {at: term for term, at in other.tree.places.items()}
        self._slots = {at: names for names, at in other.slot_tables.items()}
        self.takes_traps = self._agrees_on_reasons()

    def _agrees_on_reasons(self) -> bool:
        """Whether the numbers of reasons are the same, which are part of code that traps. Those
        that only the other library has get theirs."""
        ours, others = self._library.reasons, self._other.reasons
        if any(one != other for one, other in zip(ours, others, strict=False)):
            return False
        for reason in others:
            self._library.reason_number(reason)
        return True

    def take(self, shape: int, ours: int) -> None:
        """Take over the stencils of a shape, which is ``ours`` in the library."""
        library, other = self._library, self._other
        if library.shapes.cells[ours, EXIT] == abi.REFUSED:
            return
        if other.shapes.cells[shape, EXIT] == abi.REFUSED:  # its stencil may be an empty row
            library.refuse(ours)
            return
        present = {live for live, _ in _variants(library, ours)}
        for live, stencil in reversed([*_variants(other, shape)]):
            if live not in present and (self.takes_traps or not self._may_trap(stencil)):
                self._copy(stencil, ours, live)

    def _may_trap(self, stencil: int) -> bool:
        return any(row[_WHAT] == abi.TRAP for row in self._other.patches_of(stencil))

    def _copy(self, stencil: int, ours: int, live: int) -> None:
        library, other = self._library, self._other
        patches = [self._translated(row) for row in other.patches_of(stencil)]
        first = library.next_stencil
        try:
            library.put_stencil(library.reserve(ours, live), other.code_of(stencil), patches)
        except BaseException:
            library.take_back(first)
            raise

    def _translated(self, row: list[int]) -> list[int]:
        """A patch with the numbers of the library."""
        library = self._library
        if row[_WHAT] in (abi.VALUE, abi.SLOT):
            row[_PROGRAM] = library.tree.program(self._terms[row[_PROGRAM]])
        if row[_WHAT] == abi.SLOT:
            row[_TABLE] = library.slot_table(self._slots[row[_TABLE]])
        elif row[_WHAT] == abi.NAME:
            row[_TABLE] = library.name_number(self._other.name(row[_TABLE]))
        return row


def _variants(library: Library, shape: int) -> Iterator[tuple[int, int]]:
    """The stencils of a shape: the flags that are live behind each, and its number."""
    stencil = library.shapes.cells[shape, VARIANT]
    while stencil:
        yield library.stencils.cells[stencil, _LIVE], stencil
        stencil = library.stencils.cells[stencil, FURTHER]
