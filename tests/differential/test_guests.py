"""Our own small guest programs: as under qemu-arm, in every mode and on both backends."""

import pytest
from support.guest_cases import cases
from support.oracle import (
    MODES,
    Case,
    armdbt_result,
    assert_same,
    mode_options,
    need_qemu,
    qemu_result,
)

pytestmark = pytest.mark.oracle

KINDS = {
    "copied": ["chain-all", "copied", "copied-checked", "chain-direct", "chain-off", "denied"],
    "compiled": ["compiled", "checked", "mixed", "regions"],
}
"""Modes by how most code is made, soon or at once. Of each kind every program runs in one, and
tomorrow in the next."""


def selected() -> list[pytest.ParameterSet]:
    return [
        pytest.param(case, kind, mode, id=f"{case.name}-{mode}")
        for case in cases()
        for kind, modes in KINDS.items()
        for mode in modes
    ]


def test_every_mode_is_of_a_kind() -> None:
    assert sorted(mode for modes in KINDS.values() for mode in modes) == sorted(MODES)


@pytest.mark.rotates("mode")
@pytest.mark.parametrize(("case", "kind", "mode"), selected())
def test_same_as_qemu(case: Case, kind: str, mode: str) -> None:
    need_qemu()
    actual = armdbt_result(case, mode_options(mode, case))
    assert_same(case, qemu_result(case), actual)


SLOW_ON_REFERENCE = frozenset(
    """stack sha256 quicksort matrix crc32 lists lz dijkstra hashtable heapsort huffman life
    mandelbrot regex sieve tree""".split()  # noqa: SIM905
)


@pytest.mark.shares(2)
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
