"""Signal frames have the registers of VFP."""

import struct
from collections.abc import Iterator

import pytest

from dbt.interfaces import READ, WRITE
from dbt.runtime.memory import GuestMemory
from dbt.runtime.state import GuestState
from dbt.syscalls import Delivery, TrapState
from frontends.arm.linux_signals import fpscr, pop_frame, push_frame
from frontends.arm.registers import DOUBLES, LAYOUT

STACK = 0x20000
VFP_AT = 232
"""In a frame without siginfo."""


@pytest.fixture
def machine() -> Iterator[tuple[GuestState, GuestMemory]]:
    memory, state = GuestMemory(), GuestState(LAYOUT)
    memory.map(STACK - 0x4000, 0x4000, READ | WRITE)
    state.set("r13", STACK)
    for number, name in enumerate(DOUBLES):
        state.set(name, 0x100000001 * number)
    state.set("fpscr", 0x00C1001F)
    state.set("fpc", 1)
    yield state, memory
    memory.close()


def _push(state: GuestState, memory: GuestMemory) -> int:
    delivery = Delivery(
        signal=10, handler=0x8000, siginfo=None, mask=0, restorer=None,
        stack_top=None, altstack=(0, 0, 0), trap=TrapState(0, 0, 0),
    )  # fmt: skip
    push_frame(state, memory, 0x9000, delivery)
    return state.get("r13")


def test_a_frame_holds_what_the_kernel_writes(machine: tuple[GuestState, GuestMemory]) -> None:
    state, memory = machine
    at = _push(state, memory)
    magic, size = struct.unpack("<2I", memory.read(at + VFP_AT, 8))
    assert (magic, size) == (0x56465001, 288)
    registers = struct.unpack("<32Q", memory.read(at + VFP_AT + 8, 256))
    assert registers == tuple(0x100000001 * number for number in range(32))
    assert struct.unpack("<I", memory.read(at + VFP_AT + 264, 4)) == (0x20C1001F,)
    assert memory.read(at + VFP_AT + 288, 4) == bytes(4)  # the end of such records


def test_a_handler_has_no_short_vectors(machine: tuple[GuestState, GuestMemory]) -> None:
    state, memory = machine
    _push(state, memory)
    assert fpscr(state) == 0x20C0001F


def test_a_return_restores_what_the_frame_holds(machine: tuple[GuestState, GuestMemory]) -> None:
    state, memory = machine
    at = _push(state, memory)
    for name in DOUBLES:
        state.set(name, 7)
    state.set("fpscr", 0)
    state.set("fpn", 1)
    memory.write(at + VFP_AT + 8 + 8, struct.pack("<Q", 0x55))  # d1, as a handler may do
    pop_frame(state, memory, realtime=False)
    assert state.get("d1") == 0x55
    assert state.get("s4") == state.get("s5") == 2
    assert state.get("d31") == 0x1F0000001F
    assert fpscr(state) == 0x20C1001F


def test_a_frame_without_the_registers_is_refused(
    machine: tuple[GuestState, GuestMemory],
) -> None:
    state, memory = machine
    at = _push(state, memory)
    memory.write(at + VFP_AT, bytes(4))
    with pytest.raises(ValueError, match="without the registers of VFP"):
        pop_frame(state, memory, realtime=False)
