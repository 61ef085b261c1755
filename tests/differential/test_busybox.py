"""Debian's static busybox: every command line as under qemu-arm, the core of them in every mode."""

import shutil
from collections.abc import Collection

import pytest
from support.busybox_cases import CORE, QUICK, cases
from support.debian_root import DEFAULT_ROOT, is_whole
from support.oracle import (
    FULL,
    MODES,
    QEMU,
    Case,
    armdbt_result,
    assert_same,
    comparisons,
    mode_options,
    need_qemu,
    need_root,
    qemu_result,
)

pytestmark = pytest.mark.oracle

ALL = cases() if is_whole(DEFAULT_ROOT) and shutil.which(QEMU) else []


OTHERS = ("chain-all", "interpreted")
"""Modes of the cases outside CORE."""


def test_the_oracle_is_here() -> None:
    need_qemu()
    need_root()
    names = {case.name for case in ALL}
    assert len(names) == len(ALL) > 100
    assert names >= CORE >= QUICK
    assert len(CORE) >= 45


def selected() -> list[tuple[Case, str]]:
    """CORE in every mode and the rest in two; without ARMDBT_FULL, a few in every mode and the rest
    of CORE in one."""
    if FULL:
        return [(case, mode) for case in ALL for mode in modes(case.name, CORE, OTHERS)]
    return [
        (case, mode)
        for case in ALL
        if case.name in CORE
        for mode in modes(case.name, QUICK, ("chain-all",))
    ]


def modes(name: str, everywhere: Collection[str], otherwise: Collection[str]) -> Collection[str]:
    return MODES if name in everywhere else otherwise


@pytest.mark.parametrize(("case", "mode"), comparisons(selected()))
def test_same_as_qemu(case: Case, mode: str) -> None:
    need_qemu()
    need_root()
    expected = qemu_result(case)
    actual = armdbt_result(case, mode_options(mode, case))
    assert_same(case, expected, actual)
