"""Our own small guest programs: as under qemu-arm, in every mode and on both backends."""

import pytest
from support.guest_cases import cases
from support.oracle import (
    MODES,
    Case,
    armdbt_result,
    assert_same,
    comparisons,
    mode_options,
    need_qemu,
    qemu_result,
)
from support.rotation import FULL

pytestmark = pytest.mark.oracle


def selected() -> list[tuple[Case, str]]:
    some = ["chain-all", "copied", "copied-checked", "compiled", "mixed", "checked", "regions"]
    kept = (FULL and [*MODES]) or some
    return [(case, mode) for case in cases() for mode in kept]


@pytest.mark.parametrize(("case", "mode"), comparisons(selected()))
def test_same_as_qemu(case: Case, mode: str) -> None:
    need_qemu()
    actual = armdbt_result(case, mode_options(mode, case))
    assert_same(case, qemu_result(case), actual)


SLOW_ON_REFERENCE = frozenset(
    """stack sha256 quicksort matrix crc32 lists lz dijkstra hashtable heapsort huffman life
    mandelbrot regex sieve tree""".split()  # noqa: SIM905
)


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=case.name)
        for case in cases()
        if not SLOW_ON_REFERENCE & set(case.name.split("-"))
    ],
)
def test_the_reference_backend_agrees(case: Case) -> None:
    need_qemu()
    actual = armdbt_result(case, ("--backend", "reference"))
    assert_same(case, qemu_result(case), actual)
