"""Signals that exceptions of the processor bring: numbers, codes, addresses, what frames say.

arch/arm/kernel/{traps,ptrace,signal}.c, arch/arm/mm/{fault,alignment}.c.
"""

import struct
from pathlib import Path

import pytest
from support.linux_kernel import BUFFER, call

from dbt.interfaces import EXEC, PAGE, READ, WRITE, FaultHit, HaltHit
from dbt.ir.block import BlockKey
from dbt.linux.kernel import Kernel
from dbt.linux.state.address_space import Area
from dbt.linux.state.siginfo import SigInfo
from dbt.stops import Access, Killed
from frontends.arm.keys import THUMB

HANDLER, CODE = 0x8000, 0xA000
SIGILL, SIGTRAP, SIGBUS, SIGUSR1, SIGSEGV = 4, 5, 7, 10, 11
SA_SIGINFO, SA_RESTORER, SA_ONSTACK = 4, 0x04000000, 0x08000000
MAPERR, ACCERR = 1, 2


def handle(kernel: Kernel, *numbers: int, flags: int = 0) -> None:
    kernel.memory.write(BUFFER, struct.pack("<IIIQ", HANDLER, SA_SIGINFO | flags, 0, 0))
    for number in numbers:
        assert call(kernel, "rt_sigaction", number, BUFFER, 0, 8) == 0


def information(kernel: Kernel) -> tuple[int, int, int]:
    """Signal, code and address of the siginfo that the handler was given."""
    number, _, code, address = struct.unpack("<iiiI", kernel.memory.read(kernel.state["r1"], 16))
    return number, code, address


def remembered(kernel: Kernel) -> tuple[int, int, int]:
    """Trap number, error code and fault address of the frame."""
    context = kernel.state["r2"] + 20
    trap, error = struct.unpack("<II", kernel.memory.read(context, 8))
    return trap, error, kernel.memory.load(context + 80, 4)


@pytest.mark.parametrize(
    ("reason", "word", "number", "code"),
    [
        ("undefined", 0xE7F001F0, SIGTRAP, 1),  # TRAP_BRKPT
        ("undefined", 0x07F001F0, SIGTRAP, 1),  # whatever the condition
        ("undefined", 0xE7F000F0, SIGILL, 1),  # ILL_ILLOPC
        ("undefined", 0xE7F001F1, SIGILL, 1),
        ("undefined", 0xFFFFFFFF, SIGILL, 1),
        ("thumb", 0x0000DE01, SIGTRAP, 1),
        ("thumb", 0xA000F7F0, SIGTRAP, 1),
        ("thumb", 0xA001F7F0, SIGILL, 1),
        ("thumb", 0x0000DE00, SIGILL, 1),
        ("breakpoint", 0xE1200070, SIGTRAP, 4),  # TRAP_HWBKPT
    ],
)
def test_instructions(kernel: Kernel, reason: str, word: int, number: int, code: int) -> None:
    kernel.space.map(Area(CODE, CODE + PAGE, READ | WRITE | EXEC))
    kernel.memory.store(CODE, 4, word)
    handle(kernel, SIGILL, SIGTRAP)
    mode = THUMB if reason == "thumb" else 0
    assert kernel.halt(HaltHit(reason, CODE, mode)) == HANDLER
    assert information(kernel) == (number, code, CODE)


@pytest.mark.parametrize(
    ("word", "error"),
    [
        (0xE1951F9F, 1),  # ldrex r1, [r5]
        (0xE1F51F9F, 1),  # ldrexh r1, [r5]
        (0xE1B52F9F, 1),  # ldrexd r2, r3, [r5]
        (0xE1851F92, 0x801),  # strex r1, r2, [r5]
        (0xE1A51F92, 0x801),  # strexd r1, r2, r3, [r5]
        (0xE1051092, 1),  # swp r1, r2, [r5]
        (0xF425071F, 1),  # vld1.8 {d0}, [r5:64]
        (0xF405071F, 0x801),  # vst1.8 {d0}, [r5:64]
    ],
)
def test_an_unaligned_access_names_its_data(kernel: Kernel, word: int, error: int) -> None:
    kernel.space.map(Area(CODE, CODE + PAGE, READ | WRITE | EXEC))
    kernel.memory.store(CODE, 4, word)
    handle(kernel, SIGBUS)
    assert kernel.fault(FaultHit(CODE, 0, 0x10203, Access.UNALIGNED)) == HANDLER
    assert information(kernel) == (SIGBUS, 1, 0x10203)
    assert remembered(kernel)[:2] == (0, error)


@pytest.mark.parametrize(
    ("access", "address", "code", "error"),
    [
        (Access.WRITE, 0xFFFF0000, MAPERR, 0x817),
        (Access.READ, 0xFFFF1000, MAPERR, 0x17),
        (Access.READ, 0xC0000000, MAPERR, 0x17),
        (Access.EXECUTE, 0xC0000000, MAPERR, 0x80000017),
        (Access.WRITE, BUFFER, ACCERR, 0x81F),
        (Access.READ, 0x123, MAPERR, 0x17),
    ],
)
def test_page_faults(kernel: Kernel, access: Access, address: int, code: int, error: int) -> None:
    handle(kernel, SIGSEGV)
    kernel.space.protect(BUFFER, BUFFER + PAGE, READ)
    assert kernel.fault(FaultHit(CODE, 0, address, access)) == HANDLER
    assert information(kernel) == (SIGSEGV, code, address)
    assert remembered(kernel) == (14, error, address)


@pytest.mark.parametrize(
    ("access", "number", "code"), [(Access.READ, SIGBUS, 2), (Access.WRITE, SIGSEGV, ACCERR)]
)
def test_behind_the_end_of_a_file(
    kernel: Kernel, tmp_path: Path, access: Access, number: int, code: int
) -> None:
    """Permissions come first."""
    handle(kernel, SIGSEGV, SIGBUS)
    (tmp_path / "short").write_bytes(b"x")
    kernel.memory.write(BUFFER, b"short\0")
    fd = call(kernel, "open", BUFFER, 0)
    at = call(kernel, "mmap2", 0, 2 * PAGE, 1, 2, fd, 0) & 0xFFFFFFFF
    kernel.fault(FaultHit(CODE, 0, at + PAGE, access))
    assert information(kernel) == (number, code, at + PAGE)


def test_frames_remember_the_last_exception(kernel: Kernel) -> None:
    """The fields are the task's, not the signal's (struct thread_struct)."""
    handle(kernel, SIGSEGV, SIGUSR1, SIGILL)
    kernel.fault(FaultHit(CODE, 0, 0x123, Access.WRITE))
    kernel.signals.post(SigInfo(SIGUSR1))
    assert kernel.poll(CODE) == HANDLER
    assert remembered(kernel) == (14, 0x817, 0x123)
    kernel.halt(HaltHit("undefined", CODE))
    assert remembered(kernel) == (6, 0, 0x123)


def trap(kernel: Kernel, number: int) -> object:
    kernel.state["r7"] = number
    return kernel.syscall(0, BlockKey(CODE + 4))


def interrupted(kernel: Kernel) -> int:
    """Where the frame says that the guest was."""
    return kernel.memory.load(kernel.state["r2"] + 20 + 4 * 18, 4)


def test_a_bad_call_s_handler_returns_behind_it(kernel: Kernel) -> None:
    handle(kernel, SIGILL)
    assert trap(kernel, 0xF0800) == HANDLER
    assert information(kernel) == (SIGILL, 4, CODE)  # ILL_ILLTRP
    assert interrupted(kernel) == CODE + 4
    assert remembered(kernel)[:2] == (0, 0xF0800)


def test_the_breakpoint_call_s_handler_returns_to_it(kernel: Kernel) -> None:
    handle(kernel, SIGTRAP)
    assert trap(kernel, 0xF0001) == HANDLER
    assert information(kernel) == (SIGTRAP, 1, CODE)
    assert interrupted(kernel) == CODE


def _with_altstack(kernel: Kernel) -> None:
    kernel.memory.write(BUFFER, struct.pack("<III", BUFFER + 0x1000, 0, 0x2000))
    assert call(kernel, "sigaltstack", BUFFER, 0) == 0
    handle(kernel, SIGUSR1)
    handle(kernel, SIGSEGV, flags=SA_ONSTACK)
    kernel.state["r13"] = 0x2000


def test_a_frame_that_does_not_fit_is_the_handler_s_to_know(kernel: Kernel) -> None:
    _with_altstack(kernel)
    kernel.signals.post(SigInfo(SIGUSR1))
    assert kernel.poll(CODE) == HANDLER
    assert information(kernel)[:2] == (SIGSEGV, 0x80)  # SI_KERNEL


def test_a_bad_sigreturn_is_the_handler_s_to_know(kernel: Kernel) -> None:
    _with_altstack(kernel)
    assert trap(kernel, 173) == HANDLER
    assert information(kernel)[:2] == (SIGSEGV, 0x80)


def test_without_a_handler_they_kill(kernel: Kernel) -> None:
    assert trap(kernel, 173) == Killed(SIGSEGV, CODE + 4)
    assert kernel.halt(HaltHit("undefined", CODE)) == Killed(SIGILL, CODE)
