"""Debian's programs for armhf, which are Thumb code with VFP: as under qemu-arm -L ROOT."""

import pytest
from support.debian_cases import cases
from support.debian_root import ARMHF_ROOT, is_whole
from support.oracle import (
    Case,
    armdbt_result,
    assert_same,
    comparisons,
    mode_options,
    need_armhf_root,
    need_qemu,
    qemu_result,
)
from support.rotation import FULL

pytestmark = pytest.mark.oracle

ALL = cases(ARMHF_ROOT) if is_whole(ARMHF_ROOT) else []
QUICK = frozenset(
    [
        "sort",
        "seq",
        "printf",
        "od",
        "xz",
        "lua",
        "sqlite",
        "bash-pipeline",
        "openssl-sha512",
        "openssl-sha256",
        "openssl-enc",
    ]
)


def selected() -> list[tuple[Case, str]]:
    return [(case, "chain-all") for case in ALL if FULL or case.name in QUICK]


def test_the_quick_ones_are_there() -> None:
    need_armhf_root()
    assert {case.name for case in ALL} >= QUICK


@pytest.mark.parametrize(("case", "mode"), comparisons(selected()))
def test_same_as_qemu(case: Case, mode: str) -> None:
    need_qemu()
    need_armhf_root()
    assert_same(case, qemu_result(case), armdbt_result(case, mode_options(mode, case)))
