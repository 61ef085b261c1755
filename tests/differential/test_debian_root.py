"""Debian's dynamic programs under their own ld-linux: as under qemu-arm -L ROOT."""

import pytest
from support.debian_cases import cases
from support.debian_root import DEFAULT_ROOT, is_whole
from support.oracle import (
    FULL,
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

ALL = cases() if is_whole(DEFAULT_ROOT) else []
QUICK = frozenset(["sort", "xz", "lua", "perl", "jq", "sqlite", "openssl-sha512", "bash-pipeline"])
"""Run by `make test` where the programs are at hand."""

MODES_OF_QUICK = ("chain-off", "interpreted", "mixed")
"""CI's further modes of the quick ones; every mode there is, is the task of busybox."""


def test_the_oracle_is_here() -> None:
    need_qemu()
    need_root()
    assert len(ALL) >= 70
    assert {case.name for case in ALL} >= QUICK


def selected() -> list[tuple[Case, str]]:
    """Every case as a user runs it, and a few in other modes; without ARMDBT_FULL, only the few."""
    rows = [(case, "chain-all") for case in ALL if FULL or case.name in QUICK]
    further = [(case, mode) for case in ALL if case.name in QUICK for mode in MODES_OF_QUICK]
    return rows + (further if FULL else [])


@pytest.mark.parametrize(("case", "mode"), comparisons(selected()))
def test_same_as_qemu(case: Case, mode: str) -> None:
    need_qemu()
    need_root()
    expected = qemu_result(case)
    actual = armdbt_result(case, mode_options(mode, case))
    assert_same(case, expected, actual)
