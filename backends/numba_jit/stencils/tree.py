"""The decision tree that finds the shape of an instruction, kept in tables for native code.

The root is found by some bits of a word and the mode. Each node asks what lifting has asked of a
word on the way; a leaf is a shape. Where a way leads on has not been seen yet, there is 0: somebody
has to lift the word. ``copying.find`` walks the tree.
"""

from collections.abc import Callable, Iterable

from backends.numba_jit.stencils import abi
from backends.numba_jit.stencils.rows import Rows
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.ir.symbolic import Term

MOST_NODES = 1 << 18
MOST_PROGRAM_WORDS = 1 << 18
_KIND, _NEXT_IF, _NEXT_IF_NOT = 0, 3, 4  # columns of a node


class Tree:
    """A tree for words of ``width`` bits. It grows by ``add``. ``index``: the mask of the bits
    that find the root of a word, by the word and its mode."""

    def __init__(self, width: int, index: "Callable[[int, int], int]") -> None:
        self.width, self.index = width, index
        self.nodes = Rows(MOST_NODES, abi.NODE // 8)
        self.roots = Rows(abi.ROOTS_COUNT, abi.ROOT // 8)
        self.programs = Rows(MOST_PROGRAM_WORDS, 1)
        self.size, self.used = 1, 0
        self.places: dict[Term, int] = {}
        """Where the programs of terms begin. Whoever adds to a library has it read first."""

    def program(self, term: "Term") -> int:
        """Where the program of a term begins in ``programs``."""
        at = self.places.get(term)
        if at is None:
            from backends.numba_jit.stencils import terms

            at, words = self.used, (*terms.program(term), terms.END)
            for offset, word in enumerate(words):
                self.programs.cells[at + offset, 0] = word
            self.used += len(words)
            self.places[term] = at  # an interrupted program is not known
        return at

    def add(
        self, word: int, mode: int, decisions: "Iterable[tuple[Term, bool]]", shape: int
    ) -> None:
        """Let the words that decide like this one, lifted in a mode, find a shape."""
        table = self.roots.cells
        index = self.index(word, mode)
        nodes, place, column = self.nodes.cells, self._root(word & index | mode << 48), 1
        for term, answer in decisions:
            question = self._question(term, index)
            if question is None:
                continue
            node = table[place, column]
            while node and (asked := tuple(self.nodes.row(node)[:_NEXT_IF])) != question:
                # Who used a number as an index was only asked for its own value of it.
                assert asked[:2] == question[:2], "lifting asks by chance"
                table, place, column = nodes, node, _NEXT_IF_NOT
                node = table[place, column]
            if not node:
                node = table[place, column] = self._new(*question)
            table, place, column = nodes, node, _NEXT_IF if answer else _NEXT_IF_NOT
        if not table[place, column]:
            table[place, column] = self._new(abi.LEAF, shape, 0)

    def _new(self, kind: int, asked: int, bits: int) -> int:
        node = self.size
        self.size += 1
        self.nodes.put(node, (kind, asked, bits))
        return node

    def _root(self, key: int) -> int:
        place = ((key * 0x9E3779B1 & (1 << 64) - 1) >> 19) & (abi.ROOTS_COUNT - 1)
        roots = self.roots.cells
        while roots[place, 0] not in (0, key + 1):
            place = (place + 1) % abi.ROOTS_COUNT
        roots[place, 0] = key + 1
        return place

    def _question(self, term: "Term", index: int) -> tuple[int, int, int] | None:
        """The node that asks for a term; nothing where the root tells, by the bits of ``index``."""
        from backends.numba_jit.stencils import terms
        from dbt.ir.symbolic import WORD

        match term:
            case ("eq", inner, int(value)):
                field = terms.as_field(inner, self.width)
                if field is not None:
                    mask, bits = field.mask << field.shift, value << field.shift
                    if field.leaf != WORD:
                        return abi.BEFORE_MASK, mask, bits
                    return None if mask & ~index == 0 else (abi.WORD_MASK, mask, bits)
                return abi.PROGRAM, self.program(inner), value
        return abi.PROGRAM, self.program(term), 1
