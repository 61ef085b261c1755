"""A new image: segments, interpreter, stack (fs/binfmt_elf.c), once the old one may be lost."""

import errno
import os
from collections.abc import Sequence

from dbt.interfaces import EXEC, PAGE, READ, WRITE
from dbt.linux.options import LARGEST_STACK
from dbt.linux.programs import ExecError, Plan
from dbt.linux.state import limits
from dbt.linux.state.address_space import AddressSpace, Area, page_up
from dbt.linux.state.proc_image import describe
from dbt.loader import stack
from dbt.loader.elf import Elf, Segment
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

_CLOCK_TICKS = 100
_LEAST_STACK = 64 * PAGE


def replace_image(kernel: "Kernel", plan: Plan, envp: Sequence[bytes]) -> int:
    """Drop the old image and map the new one. Returns the location to start at. Raises OSError when
    that fails: then the process has no program."""
    kernel.process.end_vfork(executes=True)
    kernel.on_exec()
    space = kernel.space
    space.reset()
    space.read_implies_exec = plan.elf.exec_stack is None
    bias = _bias(plan.elf, kernel.abi.pie_base)
    if plan.elf.low + bias < space.lowest or plan.elf.high + bias > space.mmap_top:
        raise ExecError(errno.ENOMEM, plan.path, "has a segment where programs may not be")
    _map_elf(space, plan.elf, plan.fd, bias, plan.path)
    space.brk_start = space.brk = page_up(plan.elf.high + bias)
    entry, base = plan.elf.entry + bias, 0
    if plan.interpreter is not None:
        base, entry = _map_interpreter(space, plan, plan.interpreter)
    address, page = kernel.abi.commpage()
    kernel.memory.map(address, PAGE, READ | EXEC)
    kernel.memory.poke(address, page)
    sp = _map_stack(kernel, plan, envp, bias, base)
    kernel.signals.reset_for_exec()
    kernel.process.reset_for_exec(plan.fd, plan.execfn, plan.argv)
    kernel.symbolizer.program = kernel.process.path
    return kernel.abi.start(kernel.state, entry & 0xFFFFFFFF, sp)


def _bias(elf: Elf, pie_base: int) -> int:
    """What is added to the addresses of a program: the first segment of a relocatable one is
    mapped at ``pie_base``, rounded up to the largest alignment of its segments."""
    if not elf.relocatable:
        return 0
    base = -(-pie_base // elf.alignment) * elf.alignment
    return base - elf.segments[0].start


def _map_interpreter(space: AddressSpace, plan: Plan, elf: Elf) -> tuple[int, int]:
    """Load bias and entry of the ELF interpreter."""
    bias = 0
    if elf.relocatable:
        place = space.find(page_up(elf.high - elf.low))
        if place is None:
            raise ExecError(errno.ENOMEM, plan.interpreter_path, "does not fit")
        bias = place - elf.low
    elif elf.low < space.lowest or elf.high > space.mmap_top:
        raise ExecError(errno.ENOMEM, plan.interpreter_path, "is where programs may not be")
    _map_elf(space, elf, plan.interpreter_fd, bias, plan.interpreter_path)
    return bias, elf.entry + bias


def _map_elf(space: AddressSpace, elf: Elf, fd: int, bias: int, path: str) -> None:
    """Map all segments, in the file's order, over each other where they overlap."""
    for segment in elf.segments:
        start = segment.start + bias
        if segment.filesz:
            start = _map_file(space, segment, fd, bias, path)
        end = page_up(segment.end + bias)
        if start < end:  # what has no bytes in the file is writable, whatever the segment says
            executable = EXEC if segment.perms & EXEC or space.read_implies_exec else 0
            space.map(Area(start, end, READ | WRITE | executable))


def _map_file(space: AddressSpace, segment: Segment, fd: int, bias: int, path: str) -> int:
    """Map the part of a segment that is in the file, and clear the rest of its last page if it can
    be written: its end. What is past the end of the file is SIGBUS when it is touched."""
    perms = segment.perms
    if space.read_implies_exec and perms & READ:
        perms |= EXEC
    start, file_end = segment.start + bias, segment.vaddr + segment.filesz + bias
    end = page_up(file_end)
    status = os.fstat(fd)
    offset = segment.offset & -PAGE
    space.map_file(Area(start, end, perms, offset=offset), fd, status, writable=True)
    if segment.memsz > segment.filesz and perms & WRITE and file_end < end:
        if file_end > start + page_up(max(0, status.st_size - offset)):
            raise ExecError(errno.EFAULT, path, "is truncated: zeros begin past the file's end")
        space.memory.poke(file_end, bytes(end - file_end))
    return end


def _map_stack(kernel: "Kernel", plan: Plan, envp: Sequence[bytes], bias: int, base: int) -> int:
    """Map the stack with what a new program finds on it; the stack pointer."""
    elf, abi = plan.elf, kernel.abi
    wanted = limits.limit(kernel, limits.STACK)[0]
    size = page_up(max(min(wanted, LARGEST_STACK), _LEAST_STACK))
    perms = READ | WRITE | (0 if elf.exec_stack is False else EXEC)
    top = kernel.space.top
    kernel.space.map(Area(top - size, top, perms, grows_down=True))
    auxv = {
        stack.AT_HWCAP: abi.hwcap,
        stack.AT_PAGESZ: PAGE,
        stack.AT_CLKTCK: _CLOCK_TICKS,
        stack.AT_PHDR: elf.phdr_vaddr + bias & 0xFFFFFFFF if elf.phdr_vaddr else 0,
        stack.AT_PHENT: 32,
        stack.AT_PHNUM: elf.phnum,
        stack.AT_BASE: base,
        stack.AT_FLAGS: 0,
        stack.AT_ENTRY: elf.entry + bias & 0xFFFFFFFF,
        stack.AT_UID: os.getuid(),
        stack.AT_EUID: os.geteuid(),
        stack.AT_GID: os.getgid(),
        stack.AT_EGID: os.getegid(),
        stack.AT_SECURE: 0,
        stack.AT_HWCAP2: abi.hwcap2,
    }
    try:
        sp, content = stack.build_stack(
            top,
            plan.argv,
            envp,
            auxv,
            execfn=plan.execfn,
            platform=abi.platform.encode(),
            random=kernel.random_bytes(16),
            limit=size - 4 * PAGE,
        )
    except stack.StackOverflow:
        raise ExecError(errno.E2BIG, plan.path, "too many arguments") from None
    kernel.memory.poke(sp, content)
    kernel.stack_start = sp
    kernel.process.image = describe(elf, bias, content, sp, plan.argv, envp)
    return sp
