"""What the kernel does to words of locks, while another process changes them."""

import struct

import pytest
from support.linux_kernel import BUFFER

from dbt.linux.kernel import Kernel
from dbt.linux.state import futex_locks, robust
from dbt.linux.state.robust import OWNER_DIED, WAITERS

AT = BUFFER + 64
SET, ADD, OR, ANDN, XOR = range(5)


@pytest.fixture
def changed(kernel: Kernel, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Values that others store at AT, one each time after the kernel has read the word."""
    values: list[int] = []
    load = kernel.memory.load

    def read(address: int, size: int) -> int:
        there = load(address, size)
        if address == AT and values:
            kernel.memory.store(AT, 4, values.pop(0))
        return there

    monkeypatch.setattr(kernel.memory, "load", read)
    return values


def operation(what: int, argument: int, comparison: int = 0, compared: int = 0) -> int:
    return what << 28 | comparison << 24 | (argument & 0xFFF) << 12 | compared & 0xFFF


@pytest.mark.parametrize(
    ("what", "argument", "result"),
    [(SET, 7, 7), (ADD, 3, 0x85), (ADD, -1, 0x81), (OR, 5, 0x87), (ANDN, 2, 0x80), (XOR, 3, 0x81),
     (8 + OR, 4, 0x92)],
)  # fmt: skip
def test_wake_op_changes_what_is_there_then(
    kernel: Kernel, changed: list[int], what: int, argument: int, result: int
) -> None:
    kernel.memory.store(AT, 4, 0x41)
    changed.append(0x82)
    assert futex_locks.wake_op(kernel, BUFFER, 1, AT, 1, operation(what, argument)) == 0
    assert kernel.memory.load(AT, 4) == result


def test_wake_op_refuses_what_it_does_not_know(kernel: Kernel) -> None:
    kernel.memory.store(AT, 4, 0x41)
    for encoded in (operation(5, 1), operation(ADD, 1, comparison=6)):
        with pytest.raises(OSError, match="not implemented"):
            futex_locks.wake_op(kernel, BUFFER, 1, AT, 1, encoded)
    assert kernel.memory.load(AT, 4) == 0x41


def test_a_lock_that_another_has_taken_since_is_not_unlocked(
    kernel: Kernel, changed: list[int]
) -> None:
    kernel.memory.store(AT, 4, kernel.thread)
    changed.append(kernel.thread + 1)
    with pytest.raises(OSError, match="not permitted"):
        futex_locks.unlock(kernel, AT)
    assert kernel.memory.load(AT, 4) == kernel.thread + 1


def _hold(kernel: Kernel, word: int) -> None:
    """Let the thread have a list of robust locks, with the one at AT."""
    kernel.memory.write(BUFFER, struct.pack("<IiI", BUFFER + 32, AT - BUFFER - 32, 0))
    kernel.memory.store(BUFFER + 32, 4, BUFFER)
    kernel.memory.store(AT, 4, word)
    kernel.threads.current.robust_list = BUFFER


def test_a_waiter_that_comes_while_the_owner_dies_is_not_forgotten(
    kernel: Kernel, changed: list[int]
) -> None:
    _hold(kernel, kernel.thread)
    changed.append(kernel.thread | WAITERS)
    robust.leave(kernel)
    assert kernel.memory.load(AT, 4) == OWNER_DIED | WAITERS


def test_a_lock_that_was_given_back_meanwhile_is_not_marked(
    kernel: Kernel, changed: list[int]
) -> None:
    _hold(kernel, kernel.thread)
    changed.append(0)
    robust.leave(kernel)
    assert kernel.memory.load(AT, 4) == 0
