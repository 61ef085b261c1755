"""The procedure call standard for the Arm architecture (AAPCS32, section 6: parameter passing)."""

from collections.abc import Sequence

from dbt.interfaces import Home, Placement, Scalar, State

EF_ARM_ABI_FLOAT_HARD = 0x400
"""The program passes floating point in VFP registers (ELF for the Arm architecture, section 5)."""
_CORE = 4
_SINGLES = 16


class ProcedureCall:
    """Implements ``dbt.interfaces.Calling``."""

    stack_alignment = 8

    def place(
        self, arguments: Sequence[Scalar], result: Scalar | None, program_flags: int
    ) -> Placement:
        """See ``dbt.interfaces.Calling``."""
        hard = bool(program_flags & EF_ARM_ABI_FLOAT_HARD)
        marshal = _Marshal()
        homes = tuple(
            marshal.floating(kind.size) if hard and kind.floating else marshal.core(kind.size)
            for kind in arguments
        )
        return Placement(homes, -(-marshal.stack // 8) * 8, _result(result, hard=hard))

    def enter(self, state: State) -> None:
        """Data is little-endian, and no IT block is under way (AAPCS32, 6.5; ARM ARM A2.5.2)."""
        state.set("it", 0)
        state.set("ef", 0)


def _result(kind: Scalar | None, *, hard: bool) -> tuple[str, ...]:
    if kind is None:
        return ()
    if hard and kind.floating:
        return ("d0",) if kind.size == 8 else ("s0",)
    return ("r0", "r1") if kind.size == 8 else ("r0",)


class _Marshal:
    """Assigns arguments in their order (stages A and C of section 6.5)."""

    def __init__(self) -> None:
        self.stack = 0
        self._core = 0
        self._free = [True] * _SINGLES
        """The VFP registers s0 to s15 that no argument has."""

    def core(self, size: int) -> tuple[Home, ...]:
        """Homes of a value of the base standard: core registers, an even one first for 8 bytes;
        once one does not fit, none is used any more."""
        words = 2 if size == 8 else 1
        self._core = -(-self._core // words) * words
        if self._core + words <= _CORE:
            self._core += words
            return tuple(f"r{n}" for n in range(self._core - words, self._core))
        self._core = _CORE
        return self._on_stack(words)

    def floating(self, size: int) -> tuple[Home, ...]:
        """Homes of a value in VFP registers: the first free ones, which may lie before others;
        once a value does not fit, none is used any more."""
        words = 2 if size == 8 else 1
        for first in range(0, _SINGLES, words):
            if all(self._free[first : first + words]):
                self._free[first : first + words] = [False] * words
                return (f"d{first // 2}",) if words == 2 else (f"s{first}",)
        self._free = [False] * _SINGLES
        return self._on_stack(words)

    def _on_stack(self, words: int) -> tuple[Home, ...]:
        self.stack = -(-self.stack // (4 * words)) * 4 * words
        first, self.stack = self.stack, self.stack + 4 * words
        return tuple(range(first, self.stack, 4))
