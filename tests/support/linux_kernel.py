"""A kernel without an engine: system calls by name on real guest memory, for unit tests."""

import errno
from pathlib import Path

from dbt.interfaces import PAGE, READ, WRITE
from dbt.linux.kernel import Kernel
from dbt.linux.options import LinuxOptions
from dbt.linux.state.address_space import Area
from dbt.runtime.memory import GuestMemory
from dbt.runtime.state import GuestState
from frontends.arm.linux_abi import ArmLinuxAbi
from frontends.arm.registers import LAYOUT

BUFFER = 0x10000
BUFFER_SIZE = 16 * PAGE


def make_kernel(cwd: Path, **options: object) -> Kernel:
    """A kernel whose guest has 16 writable pages at ``BUFFER`` and may write below ``cwd``."""
    memory = GuestMemory()
    linux = LinuxOptions(cwd=str(cwd), **options)
    kernel = Kernel(memory, GuestState(LAYOUT), ArmLinuxAbi(), linux)
    kernel.space.map(Area(BUFFER, BUFFER + BUFFER_SIZE, READ | WRITE))
    kernel.space.brk_start = kernel.space.brk = 0x100000
    kernel.state["r13"] = BUFFER + BUFFER_SIZE
    return kernel


def call(kernel: Kernel, name: str, *arguments: int) -> int:
    """The result of a call, as the guest's r0 would show it (negative errno)."""
    registers = [argument & 0xFFFFFFFF for argument in arguments]
    return kernel.perform(name, registers + [0] * (7 - len(registers)))


def error(result: int) -> str:
    """The name of an error result."""
    return errno.errorcode[-result]
