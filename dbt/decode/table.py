"""Encoding tables written as text: parses them, refuses overlaps, matches and draws words.

A row is ``name  pattern  since``. The pattern is read with bit 31 (or 15) first and spaces ignored:
``0`` and ``1`` must match, ``-`` is ignored, any letter is a field; a letter that is in several
places is one field, its first bits the highest. ``since`` names the architecture that introduced
the form. ``#`` starts a comment.

    ADD_imm    cccc 001 0100 S nnnn dddd rrrr iiiiiiii          v4

Behind ``since`` there may be *notes*, words with a ``=``: what lifting takes from the row besides
its fields. The table does not read them.

In a table of ``halfwords`` a pattern has 16 or 32 bits, and is written as Thumb code is: the
halfword at the lower address first. In a word, which is little-endian, that one is the low half. A
pattern of 16 bits leaves the high half open.

Two rows may match one word only if one of them is a strict carve-out of the other: every word it
matches, the other matches too. The carve-out then wins. Anything else does not import.
"""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from dbt.classes import attrs
from dbt.ir.symbolic import Number

if TYPE_CHECKING:
    from random import Random  # few need it

_PATTERN = re.compile(r"[01\-a-zA-Z]+")
MOST_KNOWN = 1 << 16
"""How many words are remembered with their rows: a guest that writes code has ever new ones."""


class TableError(Exception):
    """A table that cannot be used: a malformed row, or two rows that overlap."""


@attrs.frozen(eq=False)
class Row:
    """One instruction form. ``fields`` lists (letter, ((shift, mask, place), ...)) in the order of
    first appearance; a field's value is the sum of ``((word >> shift) & mask) << place``.
    ``excluded`` lists (mask, bits): a word with ``word & mask == bits`` is not of this row.
    ``size`` is that of the instruction, in bytes.
    """

    name: str
    pattern: str
    since: str
    mask: int
    bits: int
    fields: tuple[tuple[str, tuple[tuple[int, int, int], ...]], ...]
    excluded: tuple[tuple[int, int], ...] = ()
    size: int = 4
    notes: tuple[str, ...] = ()

    @property
    def letters(self) -> tuple[str, ...]:
        """The field letters, in the order of the values that ``extract`` returns."""
        return tuple(letter for letter, _ in self.fields)

    def matches(self, word: int) -> bool:
        """True when the word has this row's fixed bits and no excluded field value."""
        return word & self.mask == self.bits and not any(
            word & mask == bits for mask, bits in self.excluded
        )

    def extract(self, word: Any) -> tuple[Any, ...]:
        """The field values of a word that matches, ints or Numbers as the word is."""
        return tuple(
            (word >> runs[0][0]) & runs[0][1]
            if len(runs) == 1
            else sum(((word >> shift) & mask) << place for shift, mask, place in runs)
            for _, runs in self.fields
        )


def parse_row(
    line: str, width: int, never: Mapping[str, int | tuple[int, ...]], *, halfwords: bool = False
) -> Row:
    """Read one row. ``never`` gives field values that a letter cannot take (ARM: cond 1111)."""
    words = line.split()
    notes = tuple(word for word in words if "=" in word)
    name, *groups, since = words[: len(words) - len(notes)]
    pattern = "".join(groups)
    size = len(pattern)
    fits = size == width or (halfwords and size == width // 2)
    if not fits or not _PATTERN.fullmatch(pattern):
        raise TableError(f"{name}: a pattern of {size} bits, not {width}: {pattern}")
    parts: tuple[str, ...] = (pattern,)
    if halfwords:
        parts = (pattern[:16], pattern[16:].ljust(width - 16, "-"))
    text = "".join(reversed(parts))  # as a number is written, the highest bit first
    mask = int(re.sub(r"[^01]", "0", re.sub(r"[01]", "1", text)), 2)
    bits = int(re.sub(r"[^1]", "0", text), 2)
    letters = dict.fromkeys(c for c in pattern if c.isalpha())
    fields = tuple((letter, _runs(parts, letter)) for letter in letters)
    excluded = []
    for letter, runs in fields:
        if letter in never:
            where = sum(m << shift for shift, m, _ in runs)
            values = never[letter]
            for value in (values,) if isinstance(values, int) else values:
                bits_there = sum(((value >> place) & m) << shift for shift, m, place in runs)
                excluded.append((where, bits_there))
    return Row(name, pattern, since, mask, bits, fields, tuple(excluded), size // 8, notes)


def _runs(parts: tuple[str, ...], letter: str) -> tuple[tuple[int, int, int], ...]:
    """Where the bits of a field are. The last of the parts of a pattern are a word's highest bits;
    a field has its highest bits in the first."""
    runs, low = [], 0
    rank = sum(part.count(letter) for part in parts)
    for part in parts:
        for run in re.finditer(f"{letter}+", part):
            size = run.end() - run.start()
            rank -= size
            runs.append((low + len(part) - run.end(), (1 << size) - 1, rank))
        low += len(part)
    return tuple(runs)


def common_word(a: Row, b: Row) -> int | None:
    """A word that both rows match, or None when there is none."""
    if (a.bits ^ b.bits) & a.mask & b.mask:
        return None
    word, fixed = a.bits | b.bits, a.mask | b.mask
    for where, value in a.excluded + b.excluded:
        if word & where == value:
            free = where & ~fixed
            if not free:
                return None
            word ^= free & -free
    return word


def carves_out(inner: Row, outer: Row) -> bool:
    """True when every word of ``inner`` also matches ``outer``, but not the other way round."""
    return (
        inner.mask & outer.mask == outer.mask
        and inner.bits & outer.mask == outer.bits
        and inner.mask != outer.mask
        and all(
            (where, value) in inner.excluded
            or (inner.mask & where == where and inner.bits & where != value)
            for where, value in outer.excluded
        )
    )


class Table:
    """The rows of one instruction set, ready to match words of ``width`` bits.

    ``never`` maps a field letter to the value, or values, it cannot take. ``index`` is a mask of
    bits that distinguish most rows, by which candidates are looked up. ``wide``: from which value
    of these bits on another mask does, and that mask. ``halfwords``: patterns are of Thumb code.
    """

    def __init__(
        self,
        *texts: str,
        width: int = 32,
        never: Mapping[str, int | tuple[int, ...]] | None = None,
        index: int = 0x0FF00000,
        wide: tuple[int, int] | None = None,
        halfwords: bool = False,
    ) -> None:
        rows = [
            parse_row(line, width, never or {}, halfwords=halfwords)
            for text in texts
            for line in (raw.partition("#")[0].strip() for raw in text.splitlines())
            if line
        ]
        self.width = width
        # A carve-out has more fixed bits than the row it is cut from, so it is tried first.
        self.rows = tuple(sorted(rows, key=lambda row: -row.mask.bit_count()))
        self.by_name = {row.name: row for row in rows}
        if len(self.by_name) != len(rows):
            names = [row.name for row in rows]
            raise TableError(f"{next(n for n in names if names.count(n) > 1)}: named twice")
        self._prove_disjoint()
        self.index, self._wide = index, wide
        self._candidates: dict[tuple[int, int], tuple[Row, ...]] = {}
        self._known: dict[int, tuple[Row, tuple[int, ...]] | None] = {}

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def _prove_disjoint(self) -> None:
        rows = [(row.mask, row.bits, row) for row in self.rows]
        for i, (mask, bits, a) in enumerate(rows):
            for other_mask, other_bits, b in rows[i + 1 :]:
                if (bits ^ other_bits) & mask & other_mask:
                    continue
                word = common_word(a, b)
                if word is not None and not carves_out(a, b):
                    raise TableError(
                        f"{a.name} and {b.name} both match {word:#0{self.width // 4 + 2}x}"
                    )

    def match(self, word: int | Number) -> tuple[Row, tuple[Any, ...]] | None:
        """The row of a word and its field values in the row's order, or None.

        Of a Number, only what tells its row from others is asked, the bits of ``index`` first, and
        then those of the other mask.
        """
        if isinstance(word, Number):
            row = self._decide(word)
            return None if row is None else (row, row.extract(word))
        try:
            return self._known[word]
        except KeyError:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            row = self._find(word)
            found = self._known[word] = None if row is None else (row, row.extract(word))
            return found

    def _decide(self, word: Number) -> Row | None:
        index, where = self.index, int(word & self.index)
        if self._wide and where >= self._wide[0]:
            index = self._wide[1]
            where = int(word & index)
        rest = ~index
        for row in self._candidates_at(index, where):
            if word & (row.mask & rest) == row.bits & rest and not any(
                word & mask == bits for mask, bits in row.excluded
            ):
                return row
        return None

    def _find(self, word: int) -> Row | None:
        index = self.index
        if self._wide and word & index >= self._wide[0]:
            index = self._wide[1]
        candidates = self._candidates_at(index, word & index)
        return next((row for row in candidates if row.matches(word)), None)

    def _candidates_at(self, index: int, where: int) -> tuple[Row, ...]:
        """The rows that a word with these bits of a mask may belong to."""
        candidates = self._candidates.get((index, where))
        if candidates is None:
            candidates = self._candidates[index, where] = tuple(
                row for row in self.rows if not (row.bits ^ where) & row.mask & index
            )
        return candidates

    def draw(self, random: "Random", row: Row) -> int:
        """A random word that belongs to ``row``: not excluded, not in a carve-out of it."""
        everything = (1 << self.width) - 1
        while True:
            word = row.bits | random.getrandbits(self.width) & everything & ~row.mask
            if self._find(word) is row:
                return word
