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
from support.rotation import FULL, TURN

pytestmark = [pytest.mark.oracle, pytest.mark.rotates("mode")]

ALL = cases() if is_whole(DEFAULT_ROOT) and shutil.which(QEMU) else []


OTHERS = ("chain-all", "copied")
"""Modes of the cases outside CORE."""
SHARES = 4
"""Of CORE, one share has a turn of mode ``compiled``, and tomorrow another one: to optimise all that
busybox executes takes 20 times as long as to run it."""


def test_the_oracle_is_here() -> None:
    need_qemu()
    need_root()
    names = {case.name for case in ALL}
    assert len(names) == len(ALL) > 100
    assert names >= CORE
    assert len(CORE) >= 45


def modes(number: int, case: Case) -> list[str]:
    """The modes of a case, by its number."""
    if case.name not in CORE:
        return [*OTHERS]
    optimised = FULL or number // len(MODES) % SHARES == TURN % SHARES
    return [mode for mode in MODES if optimised or mode != "compiled"]


def selected() -> list[tuple[Case, str]]:
    """CORE in every mode and the rest, which is left to CI, in two."""
    core_first = sorted(ALL, key=lambda case: case.name not in CORE)
    return [
        (case, mode)
        for number, case in enumerate(core_first)
        if FULL or REQUIRED or case.name in CORE
        for mode in modes(number, case)
    ]


def test_some_are_optimised_every_day() -> None:
    need_root()
    assert len(CORE) >= SHARES * len(MODES)


@pytest.mark.parametrize(("case", "mode"), comparisons(selected()))
def test_same_as_qemu(case: Case, mode: str) -> None:
    need_qemu()
    need_root()
    expected = qemu_result(case)
    actual = armdbt_result(case, mode_options(mode, case))
    assert_same(case, expected, actual)
