"""Debian's static busybox: every command line as under qemu-arm, in every mode."""

import pytest
from support.busybox_cases import QUICK, cases
from support.debian_root import DEFAULT_ROOT, is_whole
from support.oracle import (
    FULL,
    MODES,
    Case,
    Runner,
    assert_same,
    mode_options,
    need_qemu,
    need_root,
    qemu_result,
)

pytestmark = pytest.mark.oracle

ALL = cases() if is_whole(DEFAULT_ROOT) else []


def test_the_oracle_is_here() -> None:
    need_qemu()
    need_root()
    assert len(ALL) >= 45
    assert {case.name for case in ALL} >= QUICK


def selected() -> list[tuple[Case, str]]:
    """Every case in every mode; without ARMDBT_FULL, most of them in one."""
    return [
        (case, mode)
        for case in ALL
        for mode in MODES
        if FULL or case.name in QUICK or mode == "mixed"
    ]


@pytest.mark.parametrize(
    ("case", "mode"), [pytest.param(*row, id=f"{row[0].name}-{row[1]}") for row in selected()]
)
def test_same_as_qemu(runner: Runner, case: Case, mode: str) -> None:
    need_qemu()
    expected = qemu_result(case)
    actual = runner.submit(case, mode_options(mode, case)).result()
    assert_same(case, expected, actual)
