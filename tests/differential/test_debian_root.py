"""Debian's dynamic programs under their own ld-linux: as under qemu-arm -L ROOT."""

import pytest
from support.debian_cases import cases
from support.debian_root import DEFAULT_ROOT, is_whole
from support.oracle import (
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

ALL = cases() if is_whole(DEFAULT_ROOT) else []
QUICK = frozenset(["sort", "xz", "lua", "perl", "jq", "sqlite", "openssl-sha512", "bash-pipeline"])
"""Run by `make test` where the programs are at hand."""

MODES_OF_QUICK = ("chain-all", "chain-off", "copied", "copied-checked", "mixed", "regions")
"""Every mode there is, is the task of busybox."""


def test_the_oracle_is_here() -> None:
    need_qemu()
    need_root()
    assert len(ALL) >= 70
    assert {case.name for case in ALL} >= QUICK


def selected() -> list[tuple[Case, str]]:
    """A few in several modes, and the rest, which is left to CI, as a user runs it."""
    return [
        (case, mode)
        for case in ALL
        if FULL or REQUIRED or case.name in QUICK
        for mode in (MODES_OF_QUICK if case.name in QUICK else ("chain-all",))
    ]


@pytest.mark.parametrize(("case", "mode"), comparisons(selected()))
def test_same_as_qemu(case: Case, mode: str) -> None:
    need_qemu()
    need_root()
    expected = qemu_result(case)
    actual = armdbt_result(case, mode_options(mode, case))
    assert_same(case, expected, actual)
