"""Where AAPCS32 puts arguments and results: the examples of section 6.5 and their neighbours."""

import pytest

from dbt.interfaces import Placement, Scalar
from frontends.arm.procedure_call import EF_ARM_ABI_FLOAT_HARD, ProcedureCall

KINDS = {
    "i": Scalar(4, signed=True),
    "l": Scalar(8, signed=True),
    "f": Scalar(4, floating=True),
    "d": Scalar(8, floating=True),
}


def place(arguments: str, result: str = "i", flags: int = 0) -> Placement:
    kinds = [KINDS[letter] for letter in arguments]
    return ProcedureCall().place(kinds, KINDS.get(result), flags)


@pytest.mark.parametrize(
    ("arguments", "homes", "stack"),
    [
        ("", "", 0),
        ("iiii", "r0 r1 r2 r3", 0),
        ("iiiiii", "r0 r1 r2 r3 0 4", 8),
        ("iiiii", "r0 r1 r2 r3 0", 8),
        ("il", "r0 r2+r3", 0),
        ("ili", "r0 r2+r3 0", 8),
        ("iiil", "r0 r1 r2 0+4", 8),
        ("iiili", "r0 r1 r2 0+4 8", 16),  # r3 is not used any more
        ("iiiiil", "r0 r1 r2 r3 0 8+12", 16),
        ("fd", "r0 r2+r3", 0),
    ],
)
def test_core_registers_and_the_stack(arguments: str, homes: str, stack: int) -> None:
    placed = place(arguments)
    shown = " ".join("+".join(map(str, parts)) for parts in placed.arguments)
    assert (shown, placed.stack) == (homes, stack)


@pytest.mark.parametrize(
    ("arguments", "homes", "stack"),
    [
        ("fdf", "s0 d1 s1", 0),  # s1 is filled afterwards
        ("fif", "s0 r0 s1", 0),
        ("d" * 8, "d0 d1 d2 d3 d4 d5 d6 d7", 0),
        ("d" * 9 + "i", "d0 d1 d2 d3 d4 d5 d6 d7 0+4 r0", 8),
        ("f" + "d" * 8 + "f", "s0 d1 d2 d3 d4 d5 d6 d7 0+4 8", 16),  # s1 is not used any more
        ("iiiiid", "r0 r1 r2 r3 0 d0", 8),
    ],
)
def test_registers_of_vfp(arguments: str, homes: str, stack: int) -> None:
    placed = place(arguments, flags=EF_ARM_ABI_FLOAT_HARD)
    shown = " ".join("+".join(map(str, parts)) for parts in placed.arguments)
    assert (shown, placed.stack) == (homes, stack)


@pytest.mark.parametrize(
    ("result", "soft", "hard"),
    [
        ("i", ("r0",), ("r0",)),
        ("l", ("r0", "r1"), ("r0", "r1")),
        ("f", ("r0",), ("s0",)),
        ("d", ("r0", "r1"), ("d0",)),
        ("", (), ()),
    ],
)
def test_results(result: str, soft: tuple[str, ...], hard: tuple[str, ...]) -> None:
    assert place("", result).result == soft
    assert place("", result, EF_ARM_ABI_FLOAT_HARD).result == hard
