"""Debian's dynamic programs under their own ld-linux: as under qemu-arm -L ROOT."""

import pytest
from support.debian_cases import cases
from support.debian_root import DEFAULT_ROOT, is_whole
from support.oracle import (
    FULL,
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
QUICK = frozenset(
    ["sort", "xz", "lua", "perl", "python-json", "jq", "sqlite", "openssl-sha512", "bash-pipeline"]
)
FULL_MODES = ("chain-all", "chain-off", "interpreted", "mixed")


def test_the_oracle_is_here() -> None:
    need_qemu()
    need_root()
    assert len(ALL) >= 40


def selected() -> list[tuple[Case, str]]:
    """Every case in several modes; without ARMDBT_FULL, a few of them in one."""
    if FULL:
        return [(case, mode) for case in ALL for mode in FULL_MODES]
    return [(case, "chain-all") for case in ALL if case.name in QUICK]


@pytest.mark.parametrize(
    ("case", "mode"), [pytest.param(*row, id=f"{row[0].name}-{row[1]}") for row in selected()]
)
def test_same_as_qemu(runner: Runner, case: Case, mode: str) -> None:
    need_qemu()
    expected = qemu_result(case)
    actual = runner.submit(case, mode_options(mode, case)).result()
    assert_same(case, expected, actual)
