"""The idioms end under qemu-arm as their sources say, and so they do here in every mode."""

import pytest
from support import idioms
from support.idioms import idiom
from support.oracle import (
    Case,
    armdbt_result,
    assert_same,
    mode_options,
    need_qemu,
    qemu_result,
)

pytestmark = pytest.mark.oracle

ALONE = {"execve": "qemu-arm has the host execute programs, which it cannot"}


def cases() -> list[Case]:
    names = [name for name in idioms.names() if name not in ALONE]
    return [Case(name, (str(idiom(name).program),)) for name in names]


CASES = [pytest.param(case, id=case.name) for case in cases()]


@pytest.mark.parametrize("case", CASES)
def test_qemu_agrees_with_the_source(case: Case) -> None:
    need_qemu()
    outcome = qemu_result(case).outcome
    assert (outcome.status, outcome.stdout) == (idiom(case.name).status, b"")


@pytest.mark.rotates("mode")
@pytest.mark.parametrize("mode", ["copied", "compiled", "denied"])
@pytest.mark.parametrize("case", CASES)
def test_same_as_qemu(case: Case, mode: str) -> None:
    need_qemu()
    actual = armdbt_result(case, mode_options(mode, case))
    assert_same(case, qemu_result(case), actual)
