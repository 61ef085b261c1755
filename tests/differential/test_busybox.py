"""Debian's static busybox: every command line as under qemu-arm, the core of them in every mode."""

import shutil

import pytest
from support.busybox_cases import CORE, cases
from support.debian_root import DEFAULT_ROOT, is_whole
from support.oracle import (
    MODES,
    QEMU,
    REQUIRED,
    Case,
    armdbt_result,
    assert_same,
    comparisons,
    mode_options,
    need_qemu,
    need_root,
    qemu_result,
)
from support.rotation import FULL

pytestmark = [pytest.mark.oracle, pytest.mark.rotates("mode")]

ALL = cases() if is_whole(DEFAULT_ROOT) and shutil.which(QEMU) else []


OTHERS = ("chain-all", "copied")
"""Modes of the cases outside CORE."""


def test_the_oracle_is_here() -> None:
    need_qemu()
    need_root()
    names = {case.name for case in ALL}
    assert len(names) == len(ALL) > 100
    assert names >= CORE
    assert len(CORE) >= 45


def selected() -> list[tuple[Case, str]]:
    """CORE in every mode and the rest, which is left to CI, in two."""
    return [
        (case, mode)
        for case in ALL
        if FULL or REQUIRED or case.name in CORE
        for mode in (MODES if case.name in CORE else OTHERS)
    ]


@pytest.mark.parametrize(("case", "mode"), comparisons(selected()))
def test_same_as_qemu(case: Case, mode: str) -> None:
    need_qemu()
    need_root()
    expected = qemu_result(case)
    actual = armdbt_result(case, mode_options(mode, case))
    assert_same(case, expected, actual)
