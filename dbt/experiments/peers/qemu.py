"""The adapter of qemu-arm (Debian: qemu-user): reads its log while it runs.

Debian ships no plugins with it, and its user mode has no breakpoints. Calls and returns can be
found in the log of executed blocks with registers.

- ``block``: ``-d exec,cpu,nochain``, the registers before each block. A function that is entered in
  the middle of a block is not seen.
- ``step``: the same with blocks of one instruction.

Seconds are the processor time of qemu-arm, including its start-up, and of our reading. qemu-arm
serves the system calls; this adapter does not report them.
"""

import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping

from dbt.experiments.harness.host_facts import GUEST_ENVIRONMENT, QEMU
from dbt.experiments.peers.image import Image, Seen
from dbt.experiments.peers.tracker import Registers, Tracker
from dbt.hooks.records import Record

NAME = "qemu"
MODES = ("none", "block", "step")
VALUES = False
"""Arguments and results cannot be compared with ours: programs start with other registers."""
STACK_SIZE, STACK_TOP = 8 << 20, 64 << 10
"""Bytes below and above the first stack pointer that are its stack."""


def lacking() -> str | None:
    """Why qemu-arm cannot run here, or None."""
    return None if shutil.which(QEMU) else "needs qemu-arm (Debian: qemu-user)"


def watch(
    image: Image,
    mode: str,
    functions: Mapping[int, str],
    sink: Callable[[Record], None],
    timeout: float = 600.0,
) -> Seen:
    """Run a program to its end or for ``timeout`` seconds, watched in one of MODES."""
    if mode not in MODES:
        raise ValueError(mode)
    reader = LogReader(image.stack, functions, sink, image.state_bits)
    began = time.thread_time()
    reading, writing = os.pipe()
    with tempfile.TemporaryFile() as written, open(reading, encoding="ascii") as log:
        with open(writing, "wb") as end:
            child = subprocess.Popen(
                [*_command(mode, end.fileno()), *_guest(image)],
                stdin=subprocess.DEVNULL, stdout=written, stderr=written,
                env=dict(GUEST_ENVIRONMENT), pass_fds=(end.fileno(),),
            )  # fmt: skip
        timer = threading.Timer(timeout, child.kill)
        timer.start()
        try:
            reader.read(log)
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
        finally:
            timer.cancel()
        written.seek(0)
        output = written.read()
    seconds = usage.ru_utime + usage.ru_stime + time.thread_time() - began
    ended = child.returncode if child.returncode >= 0 else None
    return Seen(seconds, reader.events, output, ended)


def _command(mode: str, log: int) -> list[str]:
    command = [shutil.which(QEMU) or QEMU]
    if mode == "none":
        return command
    if mode == "step":
        command.append(_single_step())
    return [*command, "-d", "exec,cpu,nochain", "-D", f"/dev/fd/{log}"]


def _guest(image: Image) -> list[str]:
    root = ["-L", image.program.root] if image.program.root else []
    return [*root, image.program.path, *image.program.args]


def _single_step() -> str:
    """The option for blocks of one instruction. QEMU 8.1 has renamed it."""
    text = subprocess.run([QEMU, "--help"], capture_output=True, text=True, check=False).stdout
    return "-one-insn-per-tb" if "-one-insn-per-tb" in text else "-singlestep"


class LogReader:
    """Reads the log of ``-d exec,cpu``, which has four lines of registers before each block.

    Addresses in qemu-arm's stack are shifted to where ours would be.
    """

    def __init__(
        self,
        stack: int,
        functions: Mapping[int, str],
        sink: Callable[[Record], None],
        state_bits: int,
    ) -> None:
        self._tracker = Tracker(functions, self._registers, sink, state_bits)
        self._first_stack = stack
        self._shift: int | None = None
        self._low = self._high = ""

    @property
    def events(self) -> int:
        """The number of records so far."""
        return self._tracker.events

    def read(self, log: Iterable[str]) -> None:
        """Read a log to its end."""
        functions, sites = self._tracker.functions, self._tracker.sites
        for line in log:
            if line.startswith("R00="):
                self._low = line
            elif line.startswith("R12="):
                self._high = line
                if self._shift is None:
                    self._shift = self._first_stack - _value(line, 1)
                pc = _value(line, 3)
                if pc in functions or pc in sites:
                    self._tracker.arrive(pc)

    def _registers(self) -> Registers:
        low, high = self._low, self._high
        r0, r1, r2, r3 = (self._moved(_value(low, index)) for index in range(4))
        return Registers((r0, r1, r2, r3), self._moved(_value(high, 1)), _value(high, 2))

    def _moved(self, value: int) -> int:
        assert self._shift is not None
        below = self._first_stack - self._shift - value
        return value + self._shift if -STACK_TOP < below < STACK_SIZE else value


def _value(line: str, index: int) -> int:
    """The value of a register in ``R00=00000000 R01=40800ac6 ...``."""
    start = 13 * index + 4
    return int(line[start : start + 8], 16)
