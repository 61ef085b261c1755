"""Runs one batch of drawn system calls on a kernel without an engine, in a process of its own."""

import faulthandler
import gc
import json
import mmap
import os
import random
import resource
import signal
import struct
import sys
import time
import traceback
from pathlib import Path
from types import FrameType
from typing import Any

import attrs
from support.attack.host_state import descriptors, differences, process_state
from support.attack.syscall_draw import (
    BUFFER,
    BUFFER_END,
    CANARY_PID,
    FORBIDDEN,
    LONG,
    OWN_PID,
    READ_ONLY,
    SECRET,
    Call,
    Drawing,
)
from support.guests import GUESTS

from dbt.interfaces import PAGE, READ, WRITE
from dbt.ir.block import BlockKey
from dbt.linux.kernel import Kernel
from dbt.linux.options import LinuxOptions
from dbt.linux.state import wakeup
from dbt.linux.state.address_space import Area
from dbt.runtime.memory import GuestMemory
from dbt.runtime.state import GuestState
from dbt.stops import GuestFault
from frontends.arm.linux_abi import ArmLinuxAbi
from frontends.arm.registers import LAYOUT

BATCH = 250
OVERDUE_SECONDS = 0.05
FILE_BYTES = 64 << 20
"""No file may grow beyond this."""
BIG_BYTES = 5 << 30
LONG_STRING = LONG, b"A" * (3 << 19)
HANDLED = (1, 10, 12, 14, 15, 17, 23, 34, 64)
"""Signals that the guest has handlers for at the start."""
HELD = 200
"""A descriptor of the host that is none of the guest's."""
_HELD_POSITION = 7
_HELLO = GUESTS / "hello.elf"


def make_scene(home: Path) -> None:
    """``inside`` is the guest's, ``outside`` nobody's; links lead from one to the other."""
    inside, outside, root = home / "inside", home / "outside", home / "root"
    for directory in (inside, outside, root / "etc", inside / "d", outside / "kept"):
        directory.mkdir(parents=True)
    (outside / "secret").write_bytes(SECRET)
    (outside / "kept" / "note").write_text("a note")
    for name in ("a", "b", "d/c"):
        (inside / name).write_text(f"content of {name}\n" * 40)
    (inside / "hello").write_bytes(_HELLO.read_bytes())
    (inside / "hello").chmod(0o755)
    (inside / "link").symlink_to("a")
    (inside / "loop").symlink_to("loop")
    (inside / "out").symlink_to("../outside")
    os.mkfifo(inside / "fifo")
    with (inside / "big").open("wb") as sparse:
        sparse.truncate(BIG_BYTES)


@attrs.define
class Batch:
    """The calls from ``BATCH * number`` on, drawn from ``seed``."""

    seed: int
    number: int
    home: Path
    canary: int
    progress: mmap.mmap
    findings: list[tuple[int, str, str]] = attrs.field(factory=list)
    _end: float = 0.0

    def run(self) -> None:
        """Make all calls; what was found is written to ``findings.json``."""
        self._prepare()
        draw = Drawing(random.Random(f"{self.seed}/{self.number}"))
        at = 0
        while at < BATCH:
            before = process_state()
            kernel = self._kernel(with_root=self.number % 2 == 1)
            while at < BATCH:
                at += 1
                if not self._make(kernel, at - 1, draw.call()):
                    break
            self._search(kernel, at - 1)
            kernel.close()
            kernel.memory.close()
            del kernel
            gc.collect()
            for text in differences(before, process_state()):
                self._found(at - 1, "the host's " + text.partition(":")[0] + " changed", text)
        if os.lseek(HELD, 0, os.SEEK_CUR) != _HELD_POSITION:
            self._found(at - 1, "a descriptor of the host was used")
        (self.home / "findings.json").write_text(json.dumps(self.findings))

    def _prepare(self) -> None:
        os.setsid()
        os.chdir(self.home / "inside")
        resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))
        signal.signal(signal.SIGURG, _ignore)
        trace = os.open(self.home / "trace", os.O_WRONLY | os.O_CREAT)
        os.dup2(trace, 300)
        faulthandler.enable(300)
        null = os.open("/dev/null", os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(null, fd)
        held = os.open(self.home / "outside" / "secret", os.O_RDWR)
        os.lseek(held, _HELD_POSITION, os.SEEK_SET)
        os.dup2(held, HELD)
        for fd in descriptors():
            if fd > 2 and fd not in (HELD, 300):
                os.close(fd)
        wakeup.here()  # stays for as long as the process does

    def _kernel(self, *, with_root: bool) -> Kernel:
        memory = GuestMemory()
        options = LinuxOptions(
            cwd=str(self.home / "inside"),
            root=str(self.home / "root") if with_root else None,
            strace=True,
            strace_log=_drop,
        )
        kernel = Kernel(memory, GuestState(LAYOUT), ArmLinuxAbi(), options)
        kernel.load(str(_HELLO), [b"hello"], [])
        kernel.space.map(Area(BUFFER, BUFFER_END, READ | WRITE))
        kernel.space.map(Area(READ_ONLY, READ_ONLY + PAGE, READ))
        kernel.space.map(Area(FORBIDDEN, FORBIDDEN + PAGE, 0))
        kernel.space.map(Area(LONG, LONG + len(LONG_STRING[1]), READ | WRITE))
        kernel.memory.write(*LONG_STRING)
        _open_some(kernel)
        _handle_some(kernel)
        kernel.on_fork_child = _leave
        kernel.overdue = lambda: time.monotonic() > self._end
        return kernel

    def _make(self, kernel: Kernel, index: int, call: Call) -> bool:
        """Make one call; whether the guest is still there."""
        for address, data in call.memory:
            try:
                kernel.memory.write(address, data)
            except GuestFault:  # the guest has unmapped it
                continue
        self._note(index, call)
        ids = {OWN_PID: os.getpid(), CANARY_PID: self.canary}
        for register, value in enumerate(call.arguments):
            kernel.state[f"r{register}"] = ids.get(value, value)
        kernel.state["r7"] = call.number
        self._end = time.monotonic() + OVERDUE_SECONDS
        try:
            after = kernel.syscall(call.immediate, BlockKey(0x8004, 0))
        except Exception as error:
            self._found(index, f"{type(error).__name__} of {call}", traceback.format_exc())
            return False
        return isinstance(after, int)

    def _search(self, kernel: Kernel, index: int) -> None:
        """With a root the guest cannot see what is outside."""
        if kernel.paths.root is None:
            return
        for area in kernel.space.within(0x1000, 0xC0000000):
            if area.perms & READ and area.end - area.start <= FILE_BYTES:
                try:
                    data = kernel.memory.read(area.start, area.end - area.start)
                except GuestFault:
                    continue
                if SECRET in data:
                    self._found(index, "the guest has read a file outside its root")

    def _note(self, index: int, call: Call) -> None:
        """Tell the process that watches what is being done."""
        text = str(call).encode()[:500]
        self.progress[:1000] = struct.pack("<Q", index + 1) + text.ljust(992, b"\0")

    def _found(self, index: int, what: str, details: str = "") -> None:
        self.findings.append((self.number * BATCH + index, what, details))


def _open_some(kernel: Kernel) -> None:
    """Give the guest one descriptor of every kind."""
    kernel.memory.write(BUFFER, b".\0a\0fifo\0big\0")
    here, name, fifo, big, pair = BUFFER, BUFFER + 2, BUFFER + 4, BUFFER + 9, BUFFER + 64
    for call, *arguments in (
        ("open", name, os.O_RDWR),
        ("open", here, 0),
        ("open", fifo, os.O_RDWR | os.O_NONBLOCK),
        ("pipe", pair),
        ("socketpair", 1, 1, 0, pair),
        ("socketpair", 1, 2, 0, pair),
        ("eventfd", 1),
        ("epoll_create1", 0),
        ("memfd_create", name, 2),
        ("timerfd_create", 1, 0),
        ("open", big, os.O_RDWR),
    ):
        kernel.perform(call, [*arguments, *[0] * (7 - len(arguments))])


def _handle_some(kernel: Kernel) -> None:
    """Give the guest handlers, which get a siginfo."""
    kernel.memory.write(BUFFER, struct.pack("<IIIQ", 0x8004, 4, 0, 0))
    for number in HANDLED:
        kernel.perform("rt_sigaction", [number, BUFFER, 0, 8, 0, 0, 0])


def _drop(line: str) -> None:
    """Nobody reads the trace; that it can be made is what counts."""
    del line


def _leave() -> None:
    os._exit(0)


def _ignore(number: int, frame: FrameType | None) -> Any:
    del number, frame


def progress_of(shared: mmap.mmap) -> tuple[int, str]:
    """How many calls were begun, and the last one."""
    return struct.unpack("<Q", shared[:8])[0], shared[8:1000].rstrip(b"\0").decode()


def become(batch: Batch) -> None:
    """Run a batch in this (forked) process, and end it."""
    status = 1
    try:
        batch.run()
        status = 0
    except BaseException:
        (batch.home / "broken").write_text(traceback.format_exc())
    finally:
        sys.stdout = sys.stderr = None
        os._exit(status)
