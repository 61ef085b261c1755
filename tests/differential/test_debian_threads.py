"""Debian's programs that start threads: as under qemu-arm, whatever the order of turns."""

import pytest
from support.debian_root import ARMHF_ROOT, DEFAULT_ROOT
from support.debian_thread_cases import COMMANDS, case
from support.oracle import (
    Case,
    armdbt_result,
    assert_same,
    comparisons,
    mode_options,
    need_armhf_root,
    need_qemu,
    need_root,
    qemu_result,
)
from support.rotation import FULL

pytestmark = pytest.mark.oracle


def selected() -> list[tuple[Case, str]]:
    roots = (ARMHF_ROOT, DEFAULT_ROOT) if FULL else (ARMHF_ROOT,)
    rows = [(case(name, root), "chain-all") for root in roots for name in COMMANDS]
    return rows + [(case("python-sockets"), mode) for mode in ("chain-off", "copied-checked")]


@pytest.mark.parametrize(("one", "mode"), comparisons(selected()))
def test_same_as_qemu(one: Case, mode: str) -> None:
    need_qemu()
    need_armhf_root()
    need_root()
    assert_same(one, qemu_result(one), armdbt_result(one, mode_options(mode, one)))


@pytest.mark.parametrize("seed", range(1, 4))
def test_the_same_in_another_order(seed: int) -> None:
    need_qemu()
    need_armhf_root()
    one = case("python-sockets")
    assert_same(one, qemu_result(one), armdbt_result(one, ("--sched-seed", str(seed))))
