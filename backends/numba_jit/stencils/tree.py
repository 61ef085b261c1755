"""The decision tree that finds the shape of an instruction, kept in arrays for native code.

The root is found by the bits of ``index``. Each node asks what lifting has asked of a word on the
way; a leaf is a shape. Where a way leads on has not been seen yet, there is 0: somebody has to lift
the word.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numba import njit

from backends.numba_jit.stencils import terms
from backends.numba_jit.stencils.terms import OPTIONS
from dbt.ir.symbolic import WORD, Term

NOTHING, WORD_MASK, BEFORE_MASK, PROGRAM, LEAF = range(5)
"""Kinds of nodes: (kind, mask or program or shape, bits, next if so, next if not)."""
ROOTS = 1 << 13
"""Room for roots: (bits of the index plus 1, node), by a hash."""


class Tree:
    """A tree for words of ``width`` bits. It grows by ``add``."""

    def __init__(self, width: int, index: int) -> None:
        self._width, self.index = width, index
        self.nodes = np.zeros((1 << 16, 5), np.int64)
        self.roots = np.zeros((ROOTS, 2), np.int64)
        self.code = np.zeros(1 << 14, np.int64)
        self.size, self._code_size = 1, 0
        self._programs: dict[Term, int] = {}

    def program(self, term: Term) -> int:
        """Where the program of a term begins in ``code``."""
        at = self._programs.get(term)
        if at is None:
            words = [*terms.program(term), terms.END]
            at = self._programs[term] = self._code_size
            self.code[at : at + len(words)] = words
            self._code_size += len(words)
        return at

    def add(self, word: int, mode: int, decisions: Iterable[tuple[Term, bool]], shape: int) -> None:
        """Let the words that decide like this one, lifted in a mode, find a shape."""
        place, column = self._root(word, mode), 1
        table: Any = self.roots
        for term, answer in decisions:
            question = self._question(term)
            if question is None:
                continue
            node = int(table[place, column])
            while node and tuple(self.nodes[node, :3]) != question:
                # Who used a number as an index was only asked for its own value of it.
                assert tuple(self.nodes[node, :2]) == question[:2], "lifting asks by chance"
                table, place, column = self.nodes, node, 4
                node = int(table[place, column])
            if not node:
                node = table[place, column] = self._new(*question)
            table, place, column = self.nodes, node, 3 if answer else 4
        if not table[place, column]:
            table[place, column] = self._new(LEAF, shape, 0)

    def _new(self, kind: int, what: int, bits: int) -> int:
        node = self.size
        self.size += 1
        self.nodes[node] = (kind, what, bits, 0, 0)
        return node

    def _root(self, word: int, mode: int) -> int:
        key = (word & self.index) | mode << 48
        place = slot_of(key)
        while self.roots[place, 0] not in (0, key + 1):
            place = (place + 1) % ROOTS
        self.roots[place, 0] = key + 1
        return place

    def _question(self, term: Term) -> tuple[int, int, int] | None:
        """The node that asks for a term; nothing where the root tells."""
        match term:
            case ("eq", inner, int(value)):
                field = terms.as_field(inner, self._width)
                if field is not None:
                    mask, bits = field.mask << field.shift, value << field.shift
                    if field.leaf != WORD:
                        return BEFORE_MASK, mask, bits
                    return None if mask & ~self.index == 0 else (WORD_MASK, mask, bits)
                return PROGRAM, self.program(inner), value
        return PROGRAM, self.program(term), 1


@njit(**OPTIONS)
def slot_of(key):  # type: ignore[no-untyped-def]
    """Where the search for a root begins."""
    return ((key * 0x9E3779B1) >> 19) & (ROOTS - 1)


@njit(**OPTIONS)
def find(nodes, roots, code, stack, index, word, pc, before, mode):  # type: ignore[no-untyped-def]
    """The shape of a word in a mode, or 0."""
    key = (word & index) | mode << 48
    at = slot_of(key)
    while roots[at, 0] != key + 1:
        if roots[at, 0] == 0:
            return 0
        at = (at + 1) & (ROOTS - 1)
    node = roots[at, 1]
    while node:
        kind = nodes[node, 0]
        if kind == WORD_MASK:
            yes = word & nodes[node, 1] == nodes[node, 2]
        elif kind == LEAF:
            return nodes[node, 1]
        elif kind == BEFORE_MASK:
            yes = before & nodes[node, 1] == nodes[node, 2]
        else:
            yes = terms.run(code, nodes[node, 1], stack, word, pc, before) == nodes[node, 2]
        node = nodes[node, 3] if yes else nodes[node, 4]
    return 0
