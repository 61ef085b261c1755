"""Signals: pending, masks, frames, restart. Frames are those of arch/arm/kernel/signal.c."""

import ctypes
import os
import signal
import struct
from pathlib import Path

import pytest
from support.linux_kernel import BUFFER, BUFFER_SIZE, call, error, make_kernel

from dbt.interfaces import EXEC, PAGE, READ, FaultHit, HaltHit
from dbt.interruption import caught
from dbt.ir.block import BlockKey
from dbt.linux import host
from dbt.linux.kernel import Kernel
from dbt.linux.state.address_space import Area
from dbt.linux.state.sigaction import DEFAULT, SIG_IGN, SIGALRM, SIGCHLD, SIGKILL, SIGSEGV, bit
from dbt.linux.state.siginfo import CLD_EXITED, SI_USER, SigInfo
from dbt.linux.state.timer_rate import MOST_PER_SECOND
from dbt.stops import Access, Exited, Killed
from frontends.arm.keys import THUMB as THUMB_MODE

SIGUSR1, SIGUSR2 = 10, 12
HANDLER, RESTORER, CODE = 0x8000, 0x9000, 0xA000
SA_SIGINFO, SA_RESTORER, SA_ONSTACK = 4, 0x04000000, 0x08000000
SA_RESTART, SA_NODEFER, SA_RESETHAND = 0x10000000, 0x40000000, 0x80000000


def handle(kernel: Kernel, number: int, flags: int = 0, mask: int = 0) -> None:
    action = struct.pack("<IIIQ", HANDLER, flags | SA_RESTORER, RESTORER, mask)
    kernel.memory.write(BUFFER, action)
    assert call(kernel, "rt_sigaction", number, BUFFER, 0, 8) == 0


def trap(kernel: Kernel, number: int, *arguments: int) -> object:
    """Make a system call at CODE as translated code does."""
    kernel.state["r7"] = number
    for index, argument in enumerate(arguments):
        kernel.state[f"r{index}"] = argument
    return kernel.syscall(0, BlockKey(CODE + 4))


def kill_self(kernel: Kernel, number: int) -> object:
    return trap(kernel, 37, os.getpid(), number)


def test_a_handler_runs_and_returns_to_where_it_was(kernel: Kernel) -> None:
    handle(kernel, SIGUSR1)
    kernel.state["r5"], kernel.state["cf"] = 55, 1
    top = kernel.state["r13"]
    assert kill_self(kernel, SIGUSR1) == HANDLER
    state = kernel.state
    assert (state["r0"], state["r14"]) == (SIGUSR1, RESTORER)
    assert state["r13"] == (top - 760) & ~7
    assert kernel.signals.mask == bit(SIGUSR1)
    frame = kernel.memory.read(state["r13"], 104)
    assert struct.unpack_from("<I", frame, 0) == (0x5AC3C35A,)
    pc, cpsr = struct.unpack_from("<II", frame, 20 + 4 * 18)
    assert (pc, cpsr) == (CODE + 4, 0x20000010)
    state["r5"] = state["cf"] = 0
    assert trap(kernel, 119) == CODE + 4  # sigreturn
    assert (state["r0"], state["r5"], state["cf"], state["r13"]) == (0, 55, 1, top)
    assert kernel.signals.mask == 0


THUMB, IT = 1 << 5, 0x9D
"""The bit of the CPSR; an ITSTATE of which every part has bits that are set and clear."""
IT_BITS = (IT & 3) << 25 | IT >> 2 << 10


@pytest.mark.parametrize("handler", [HANDLER, HANDLER | 1])
def test_a_handler_begins_in_its_own_state_and_returns_amid_an_it_block(
    kernel: Kernel, handler: int
) -> None:
    action = struct.pack("<IIIQ", handler, SA_RESTORER, RESTORER | 1, 0)
    kernel.memory.write(BUFFER, action)
    assert call(kernel, "rt_sigaction", SIGUSR1, BUFFER, 0, 8) == 0
    state = kernel.state
    state["r7"], state["r0"], state["r1"], state["it"] = 37, os.getpid(), SIGUSR1, IT
    assert kernel.syscall(0, BlockKey(CODE + 2, THUMB_MODE)) == handler
    assert (state["it"], state["r14"], state["pc"]) == (0, RESTORER | 1, HANDLER)
    frame = kernel.memory.read(state["r13"], 104)
    pc, cpsr = struct.unpack_from("<II", frame, 20 + 4 * 18)
    assert (pc, cpsr) == (CODE + 2, 0x10 | THUMB | IT_BITS)
    state["r7"] = 119
    assert kernel.syscall(0, BlockKey(RESTORER + 4, THUMB_MODE)) == CODE + 3
    assert (state["it"], state["pc"]) == (IT, CODE + 2)


def test_no_it_block_goes_on_in_arm_state(kernel: Kernel) -> None:
    handle(kernel, SIGUSR1)
    assert kill_self(kernel, SIGUSR1) == HANDLER
    at = kernel.state["r13"] + 20 + 4 * 19
    (cpsr,) = struct.unpack("<I", kernel.memory.read(at, 4))
    kernel.memory.write(at, struct.pack("<I", cpsr | IT_BITS))
    assert trap(kernel, 119) == CODE + 4
    assert kernel.state["it"] == 0


def test_an_interrupt_at_its_default_stays_with_whoever_runs_the_guest(kernel: Kernel) -> None:
    """As after libc's system(): else Ctrl-C would end the translator with nothing written."""
    ours = signal.getsignal(signal.SIGINT)
    handle(kernel, signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) != ours
    kernel.signals.set_action(signal.SIGINT, DEFAULT)
    assert signal.getsignal(signal.SIGINT) == ours
    kernel.is_child = True
    kernel.signals.set_action(signal.SIGINT, DEFAULT)
    assert signal.getsignal(signal.SIGINT) == signal.SIG_DFL


def test_a_termination_at_its_default_stays_with_a_program_that_handles_it(kernel: Kernel) -> None:
    with caught():
        ours = signal.getsignal(signal.SIGTERM)
        assert callable(ours)
        for before in (False, True):  # the guest has handled it before
            if before:
                handle(kernel, signal.SIGTERM)
                assert signal.getsignal(signal.SIGTERM) != ours
            kernel.signals.set_action(signal.SIGTERM, DEFAULT)
            assert signal.getsignal(signal.SIGTERM) == ours
        kernel.is_child = True
        kernel.signals.set_action(signal.SIGTERM, DEFAULT)
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    handle(kernel, signal.SIGTERM)
    kernel.signals.set_action(signal.SIGTERM, DEFAULT)
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_a_siginfo_handler_sees_who_sent_it(kernel: Kernel) -> None:
    handle(kernel, SIGUSR1, SA_SIGINFO)
    assert kill_self(kernel, SIGUSR1) == HANDLER
    info, context = kernel.state["r1"], kernel.state["r2"]
    assert context == info + 128
    head = struct.unpack("<iiiii", kernel.memory.read(info, 20))
    assert head == (SIGUSR1, 0, 0, os.getpid(), os.getuid())
    assert trap(kernel, 173) == CODE + 4  # rt_sigreturn


def test_blocked_signals_wait_once_and_come_lowest_first(kernel: Kernel) -> None:
    for number in (SIGUSR1, SIGUSR2):
        handle(kernel, number)
    kernel.memory.store(BUFFER, 8, bit(SIGUSR1) | bit(SIGUSR2))
    call(kernel, "rt_sigprocmask", 0, BUFFER, 0, 8)
    for number in (SIGUSR2, SIGUSR1, SIGUSR1):
        assert kill_self(kernel, number) == CODE + 4
    call(kernel, "rt_sigpending", BUFFER, 8)
    assert kernel.memory.load(BUFFER, 8) == bit(SIGUSR1) | bit(SIGUSR2)
    kernel.memory.store(BUFFER, 8, 0)
    call(kernel, "rt_sigprocmask", 2, BUFFER, 0, 8)
    assert kernel.poll(CODE) == HANDLER
    assert kernel.state["r0"] == SIGUSR2  # its frame is on top: it interrupts the other's handler
    assert not kernel.signals.pending


@pytest.mark.parametrize(("flags", "blocked"), [(0, True), (SA_NODEFER, False)])
def test_nodefer_and_the_action_s_mask(kernel: Kernel, flags: int, blocked: bool) -> None:
    handle(kernel, SIGUSR1, flags, bit(SIGALRM))
    kill_self(kernel, SIGUSR1)
    assert kernel.signals.mask == bit(SIGALRM) | (bit(SIGUSR1) if blocked else 0)


def test_resethand_handles_once(kernel: Kernel) -> None:
    handle(kernel, SIGUSR1, SA_RESETHAND | SA_NODEFER)
    assert kill_self(kernel, SIGUSR1) == HANDLER
    assert isinstance(kill_self(kernel, SIGUSR1), Killed)


def test_alternate_stack(kernel: Kernel) -> None:
    kernel.memory.write(BUFFER, struct.pack("<III", BUFFER + 0x1000, 0, 0x2000))
    assert call(kernel, "sigaltstack", BUFFER, 0) == 0
    handle(kernel, SIGUSR1, SA_ONSTACK)
    kill_self(kernel, SIGUSR1)
    assert kernel.state["r13"] == BUFFER + 0x3000 - 760
    assert error(call(kernel, "sigaltstack", BUFFER, 0)) == "EPERM"


def test_alternate_stacks_that_can_be(kernel: Kernel) -> None:
    def change(start: int, flags: int, size: int) -> int:
        kernel.memory.write(BUFFER, struct.pack("<III", start, flags, size))
        return call(kernel, "sigaltstack", BUFFER, BUFFER + 12)

    def old() -> tuple[int, ...]:
        return struct.unpack("<III", kernel.memory.read(BUFFER + 12, 12))

    assert change(0xC0000000, 0, 0x80000000) == 0
    assert old() == (0, 2, 0)  # SS_DISABLE
    assert error(change(0x20000, 3, 0x2000)) == "EINVAL"  # one mode at a time
    assert error(change(0x20000, 0, 2047)) == "ENOMEM"
    assert change(0x20000, 2, 0) == 0
    assert old() == (0xC0000000, 0, 0x80000000)
    assert change(0x30000, 1, 2048) == 0
    assert old() == (0, 2, 0)


def test_defaults(kernel: Kernel) -> None:
    assert kill_self(kernel, SIGCHLD) == CODE + 4
    assert kill_self(kernel, SIGUSR1) == Killed(SIGUSR1, CODE + 4)
    assert trap(kernel, 248, 0x1FF) == Exited(0xFF)


def test_faults_go_to_the_handler_with_their_address(kernel: Kernel) -> None:
    handle(kernel, SIGSEGV, SA_SIGINFO)
    hit = FaultHit(CODE, 0, 0x123, Access.WRITE)
    assert kernel.fault(hit) == HANDLER
    number, _, code, address = struct.unpack("<iiiI", kernel.memory.read(kernel.state["r1"], 16))
    assert (number, code, address) == (SIGSEGV, 1, 0x123)
    context = kernel.state["r2"]
    assert kernel.memory.load(context + 20 + 4 * 20, 4) == 0x123
    assert kernel.fault(hit) == Killed(SIGSEGV, CODE)  # the handler runs: its signal is blocked


def test_a_fault_in_a_mapped_page_says_so(kernel: Kernel) -> None:
    handle(kernel, SIGSEGV, SA_SIGINFO)
    kernel.space.protect(BUFFER, BUFFER + 0x1000, READ)
    kernel.fault(FaultHit(CODE, 0, BUFFER, Access.WRITE))
    assert kernel.memory.load(kernel.state["r1"] + 8, 4) == 2  # SEGV_ACCERR


def test_a_stack_that_cannot_take_the_frame_kills(kernel: Kernel) -> None:
    handle(kernel, SIGUSR1)
    kernel.state["r13"] = 0x2000
    assert kill_self(kernel, SIGUSR1) == Killed(SIGSEGV, CODE + 4)


def test_an_unaligned_access_kills(kernel: Kernel) -> None:
    kernel.space.map(Area(CODE, CODE + PAGE, READ | EXEC))
    assert kernel.fault(FaultHit(CODE, 0, BUFFER + 1, Access.UNALIGNED)) == Killed(7, CODE)


@pytest.mark.parametrize(("reason", "number"), [("undefined", 4), ("breakpoint", 5)])
def test_halts(kernel: Kernel, reason: str, number: int) -> None:
    kernel.space.map(Area(CODE, CODE + PAGE, READ | EXEC))
    assert kernel.halt(HaltHit(reason, CODE)) == Killed(number, CODE)


@pytest.mark.parametrize("bad", [("r13", BUFFER + 4), ("r13", 0x2000)])
def test_a_bad_sigreturn_kills(kernel: Kernel, bad: tuple[str, int]) -> None:
    kernel.state[bad[0]] = bad[1]
    assert trap(kernel, 119) == Killed(SIGSEGV, CODE + 4)


def test_a_frame_with_a_privileged_mode_kills(kernel: Kernel) -> None:
    kernel.state["r13"] = BUFFER + BUFFER_SIZE - 1024
    assert trap(kernel, 119) == Killed(SIGSEGV, CODE + 4)  # cpsr 0 is no user mode


def test_a_signal_from_the_host_reaches_the_handler(kernel: Kernel) -> None:
    handle(kernel, SIGUSR1)
    os.kill(os.getpid(), signal.SIGUSR1)
    assert kernel.poll(CODE) == HANDLER


@pytest.mark.parametrize("flags", [0, SA_RESTART], ids=["eintr", "restart"])
def test_an_interrupted_read(kernel: Kernel, flags: int) -> None:
    handle(kernel, SIGALRM, flags)
    call(kernel, "pipe", BUFFER)
    fd = kernel.memory.load(BUFFER, 4)
    signal.setitimer(signal.ITIMER_REAL, 0.02)
    assert trap(kernel, 3, fd, BUFFER, 1) == HANDLER
    saved_r0 = kernel.memory.load(kernel.state["r13"] + 20 + 12, 4)
    saved_pc = kernel.memory.load(kernel.state["r13"] + 20 + 4 * 18, 4)
    expected = (fd, CODE) if flags else (0xFFFFFFFF & -4, CODE + 4)
    assert (saved_r0, saved_pc) == expected


def test_sigsuspend_puts_the_old_mask_into_the_frame(kernel: Kernel) -> None:
    handle(kernel, SIGUSR1)
    kernel.memory.store(BUFFER, 8, bit(SIGUSR1))
    call(kernel, "rt_sigprocmask", 0, BUFFER, 0, 8)
    kill_self(kernel, SIGUSR1)
    kernel.memory.store(BUFFER, 8, 0)
    assert trap(kernel, 179, BUFFER, 8) == HANDLER
    assert trap(kernel, 119) == CODE + 4
    assert kernel.state["r0"] == 0xFFFFFFFF & -4
    assert kernel.signals.mask == bit(SIGUSR1)


def test_a_posix_timer_sends_its_value(kernel: Kernel) -> None:
    handle(kernel, SIGUSR1, SA_SIGINFO)
    kernel.memory.write(BUFFER, struct.pack("<IiiI", 77, SIGUSR1, 0, 0))
    assert call(kernel, "timer_create", 1, BUFFER, BUFFER + 64) == 0
    number = kernel.memory.load(BUFFER + 64, 4)
    kernel.memory.write(BUFFER, struct.pack("<iiii", 0, 0, 0, 10_000_000))
    assert call(kernel, "timer_settime", number, 0, BUFFER, 0) == 0
    assert trap(kernel, 29) == HANDLER  # pause
    words = struct.unpack("<iii8xi", kernel.memory.read(kernel.state["r1"], 24))
    assert words == (SIGUSR1, 0, -2, 77)
    assert call(kernel, "timer_delete", number) == 0
    assert error(call(kernel, "timer_delete", number)) == "EINVAL"


def test_a_signal_is_no_timers_when_none_can_have_sent_it(kernel: Kernel) -> None:
    """The host's handler is not told who sent a signal."""
    handle(kernel, SIGUSR1, SA_SIGINFO)
    kernel.memory.write(BUFFER, struct.pack("<IiiI", 77, SIGUSR1, 0, 0))
    assert call(kernel, "timer_create", 1, BUFFER, BUFFER + 64) == 0
    codes = []
    for delete in (False, True):
        if delete:
            assert call(kernel, "timer_delete", kernel.memory.load(BUFFER + 64, 4)) == 0
        os.kill(os.getpid(), SIGUSR1)
        while not kernel.signals.interrupted():
            os.sched_yield()
        codes.append(kernel.signals.pending.pop().code)
    assert codes == [SI_USER, SI_USER]


def test_no_timer_is_faster_than_its_handler(kernel: Kernel) -> None:
    """The guest sees the interval that it asked for."""
    handle(kernel, SIGALRM)
    asked = struct.pack("<4i", 0, 1, 1000, 0)  # an interval of a microsecond, in 1000 s
    kernel.memory.write(BUFFER, asked)
    assert call(kernel, "setitimer", 0, BUFFER, 0) == 0
    assert signal.getitimer(signal.ITIMER_REAL)[1] == pytest.approx(2 / MOST_PER_SECOND)
    kernel.leave_guest()
    kernel.enter_guest()
    assert call(kernel, "getitimer", 0, BUFFER) == 0
    assert kernel.memory.read(BUFFER, 8) == asked[:8]
    kernel.memory.write(BUFFER, bytes(16))
    assert call(kernel, "setitimer", 0, BUFFER, BUFFER + 16) == 0
    assert kernel.memory.read(BUFFER + 16, 8) == asked[:8]


def host_interval(kernel: Kernel, number: int) -> float:
    """Seconds between the signals of the host's timer that stands for one of the guest's."""
    setting = ctypes.create_string_buffer(32)
    host.call("timer_gettime", kernel.process.timers[number].handle, setting)
    seconds, nanoseconds = struct.unpack_from("=qq", setting)
    return float(seconds + nanoseconds / 1e9)


def test_no_posix_timer_is_faster_than_its_handler(kernel: Kernel) -> None:
    handle(kernel, SIGUSR1)
    kernel.memory.write(BUFFER, struct.pack("<IiiI", 77, SIGUSR1, 0, 0))
    assert call(kernel, "timer_create", 1, BUFFER, BUFFER + 64) == 0
    number = kernel.memory.load(BUFFER + 64, 4)
    asked = struct.pack("<4i", 0, 1, 1000, 0)  # an interval of a nanosecond, in 1000 s
    kernel.memory.write(BUFFER, asked)
    assert call(kernel, "timer_settime", number, 0, BUFFER, 0) == 0
    assert host_interval(kernel, number) == pytest.approx(2 / MOST_PER_SECOND)
    assert call(kernel, "timer_gettime", number, BUFFER) == 0
    assert kernel.memory.read(BUFFER, 8) == asked[:8]
    kernel.memory.write(BUFFER, bytes(16))
    assert call(kernel, "timer_settime", number, 0, BUFFER, BUFFER + 16) == 0
    assert kernel.memory.read(BUFFER + 16, 8) == asked[:8]


@pytest.mark.parametrize(("flags", "first"), [(0, 2e9 / MOST_PER_SECOND), (1, 1000)])
def test_the_first_signal_of_a_slowed_timer_is_not_sooner(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch, flags: int, first: float
) -> None:
    """A handler that sets its timer anew would else be all that runs. Absolute times are kept."""
    handle(kernel, SIGALRM)
    kernel.memory.write(BUFFER, struct.pack("<IiiI", 77, SIGALRM, 0, 0))
    assert call(kernel, "timer_create", 1, BUFFER, BUFFER + 64) == 0
    number = kernel.memory.load(BUFFER + 64, 4)
    asked = []
    with monkeypatch.context() as patch:
        patch.setattr(host, "call", lambda *arguments: asked.append(arguments))
        kernel.memory.write(BUFFER, struct.pack("<4i", 0, 1000, 0, 1000))
        assert call(kernel, "timer_settime", number, flags, BUFFER, 0) == 0
    assert struct.unpack("=4q", asked[0][3])[3] == pytest.approx(first)


def test_the_first_signal_of_a_slowed_interval_timer_is_not_sooner(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle(kernel, SIGALRM)
    asked = []

    def setitimer(which: int, value: float, interval: float = 0.0) -> tuple[float, float]:
        asked.append(value)
        return 0.0, 0.0

    monkeypatch.setattr("dbt.linux.state.itimers.signal.setitimer", setitimer)
    for microseconds in (1, 500):
        kernel.memory.write(BUFFER, struct.pack("<4i", 0, microseconds, 0, microseconds))
        assert call(kernel, "setitimer", 0, BUFFER, 0) == 0
    assert asked == [pytest.approx(2 / MOST_PER_SECOND), pytest.approx(500e-6)]


def test_no_number_of_timers_sends_more_signals_than_can_be_handled(kernel: Kernel) -> None:
    handle(kernel, SIGUSR1)
    intervals = []
    for number in range(70):
        kernel.memory.write(BUFFER, struct.pack("<IiiI", 77, SIGUSR1, 0, 0))
        assert call(kernel, "timer_create", 1, BUFFER, BUFFER + 64) == 0
        kernel.memory.write(BUFFER, struct.pack("<4i", 0, 1, 1000, 0))
        assert call(kernel, "timer_settime", number, 0, BUFFER, 0) == 0
        intervals.append(host_interval(kernel, number))
    assert sum(1 / interval for interval in intervals) < MOST_PER_SECOND + 1
    for number in range(69):
        call(kernel, "timer_delete", number)
    kernel.memory.write(BUFFER, struct.pack("<4i", 0, 1, 1000, 0))
    call(kernel, "timer_settime", 69, 0, BUFFER, 0)
    assert host_interval(kernel, 69) == pytest.approx(2 / MOST_PER_SECOND)


def test_many_slow_timers_are_not_slowed(kernel: Kernel) -> None:
    handle(kernel, SIGUSR1)
    for number in range(30):
        kernel.memory.write(BUFFER, struct.pack("<IiiI", 77, SIGUSR1, 0, 0))
        assert call(kernel, "timer_create", 1, BUFFER, BUFFER + 64) == 0
        kernel.memory.write(BUFFER, struct.pack("<4i", 0, 10_000_000, 1000, 0))
        assert call(kernel, "timer_settime", number, 0, BUFFER, 0) == 0
        assert host_interval(kernel, number) == pytest.approx(0.01)


def test_a_timer_that_is_disarmed_has_no_interval(kernel: Kernel) -> None:
    kernel.memory.write(BUFFER, struct.pack("<4i", 0, 7, 0, 0))
    call(kernel, "setitimer", 0, BUFFER, 0)
    call(kernel, "getitimer", 0, BUFFER)
    assert kernel.memory.read(BUFFER, 16) == bytes(16)
    call(kernel, "timer_create", 1, 0, BUFFER)
    kernel.memory.write(BUFFER, struct.pack("<4i", 0, 7, 0, 0))
    call(kernel, "timer_settime", 0, 0, BUFFER, 0)
    call(kernel, "timer_gettime", 0, BUFFER)
    assert kernel.memory.read(BUFFER, 16) == bytes(16)


def test_sigchld_tells_of_a_child_that_ended(kernel: Kernel) -> None:
    handle(kernel, SIGCHLD)
    child = os.fork()
    if not child:
        os._exit(3)
    kernel.process.children.add(child)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    assert kernel.signals.interrupted()
    assert kernel.signals.pending == [ended(child)]
    assert call(kernel, "wait4", child, 0, 0, 0) == child


def ended(child: int) -> SigInfo:
    return SigInfo(SIGCHLD, CLD_EXITED, pid=child, uid=os.getuid(), value=3)


def test_sigchld_tells_of_a_child_that_was_just_waited_for(kernel: Kernel) -> None:
    handle(kernel, SIGCHLD)
    kernel.signals.set_mask(bit(SIGCHLD))
    child = call(kernel, "fork")
    if not child:
        os._exit(3)
    assert call(kernel, "wait4", child, 0, 0, 0) == child
    kernel.signals.set_mask(0)
    assert kernel.signals.interrupted()
    assert kernel.signals.pending == [ended(child)]


def test_what_the_host_ignored_at_the_start_stays_ignored(tmp_path: Path) -> None:
    """As under nohup, or in the background of a script."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        kernel = make_kernel(tmp_path)
        assert call(kernel, "rt_sigaction", signal.SIGHUP, 0, BUFFER, 8) == 0
        assert struct.unpack("<I", kernel.memory.read(BUFFER, 4)) == (SIG_IGN,)
        pid = call(kernel, "fork")
        if pid == 0:
            os._exit(int(signal.getsignal(signal.SIGHUP) != signal.SIG_IGN))
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        kernel.close()
        kernel.memory.close()
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("setitimer", (5, 1, 0), "EFAULT"),
        ("setitimer", (5, 0, 0), "EINVAL"),
        ("timer_settime", (77, 0, 1, 0), "EFAULT"),
        ("timer_settime", (77, 0, 0, 0), "EINVAL"),
        ("rt_sigaction", (65, 1, 0, 8), "EFAULT"),
        ("rt_sigaction", (65, 0, 0, 8), "EINVAL"),
        ("sigaction", (SIGKILL, 1, 0), "EFAULT"),
        ("kill", (0x7FFFFFF0, 99), "ESRCH"),
        ("kill", (1, 99), "EINVAL"),
        ("kill", (0, 99), "EINVAL"),
        ("tkill", (0x7FFFFFF0, 99), "ESRCH"),
        ("tgkill", (5, -1, 0), "EINVAL"),
        ("rt_sigqueueinfo", (0, 0, BUFFER), "EPERM"),
        ("rt_tgsigqueueinfo", (0, 0, 0, BUFFER), "EINVAL"),
        ("timer_create", (4, 0, BUFFER), "ENOTSUP"),
        ("timer_create", (10, 0, BUFFER), "EINVAL"),
    ],
)
def test_errors_come_in_the_kernels_order(
    kernel: Kernel, name: str, arguments: tuple[int, ...], expected: str
) -> None:
    assert error(call(kernel, name, *arguments)) == expected


def test_a_queued_signal_is_for_one_process(kernel: Kernel) -> None:
    """0 was the caller's group, as for kill."""
    kernel.memory.write(BUFFER, struct.pack("<iii", 0, 0, -1))
    assert error(call(kernel, "rt_sigqueueinfo", 0, 0, BUFFER)) == "ESRCH"
    kernel.memory.write(BUFFER, struct.pack("<iii", 0, 0, -6))
    assert error(call(kernel, "rt_sigqueueinfo", 0x7FFFFFF0, 0, BUFFER)) == "EPERM"


def test_an_action_is_set_though_the_old_one_cannot_be_stored(kernel: Kernel) -> None:
    kernel.memory.write(BUFFER, struct.pack("<IIIQ", HANDLER, 0, 0, 0))
    assert error(call(kernel, "rt_sigaction", SIGUSR1, BUFFER, 1, 8)) == "EFAULT"
    assert kernel.signals.action(SIGUSR1).handler == HANDLER


@pytest.mark.parametrize(("clock", "notify"), [(11, 0), (0, 2)], ids=["tai", "thread"])
def test_timers_that_can_be_made(kernel: Kernel, clock: int, notify: int) -> None:
    kernel.memory.write(BUFFER, struct.pack("<IiiI", 77, SIGUSR1, notify, 0))
    assert call(kernel, "timer_create", clock, BUFFER, BUFFER + 64) == 0


def test_the_longest_alarm(kernel: Kernel) -> None:
    assert call(kernel, "alarm", 0xFFFFFFFF) == 0
    assert call(kernel, "alarm", 0) == 0x7FFFFFFF
