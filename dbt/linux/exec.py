"""exec: a program file becomes the guest's new image (fs/exec.c, fs/binfmt_elf.c)."""

import errno
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import attrs

from dbt.interfaces import EXEC, PAGE, READ, WRITE
from dbt.linux.address_space import (
    MMAP_MIN,
    MMAP_TOP,
    PIE_BASE,
    STACK_TOP,
    TASK_SIZE,
    AddressSpace,
    Area,
    page_up,
)
from dbt.linux.memory import map_regular
from dbt.loader import stack
from dbt.loader.elf import Elf, ElfError, Segment, read_elf
from dbt.stops import UsageError
from dbt.text import NAME, printable

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

_SCRIPT_HEAD = 256
_SCRIPT_DEPTH = 4
_MAX_STRING = 128 << 10
_CLOCK_TICKS = 100


class ExecError(OSError):
    """The program cannot be run. ``reason`` follows the path in a message for the user."""

    def __init__(self, code: int, path: str, reason: str) -> None:
        super().__init__(code, reason)
        self.path = path
        self.reason = reason


@attrs.define
class Plan:
    """A checked program, ready to replace the image. Descriptors are the host's."""

    path: str
    fd: int
    elf: Elf
    argv: list[bytes]
    execfn: bytes
    interpreter: Elf | None = None
    interpreter_path: str = ""
    interpreter_fd: int = -1

    def close(self) -> None:
        """Close the files."""
        os.close(self.fd)
        if self.interpreter_fd >= 0:
            os.close(self.interpreter_fd)


def load(kernel: "Kernel", program: str, argv: Sequence[bytes], envp: Sequence[bytes]) -> int:
    """Load the first program, a path of the host. Raises UsageError."""
    try:
        plan = prepare(kernel, program, os.fsencode(program), argv)
        try:
            return replace_image(kernel, plan, envp)
        finally:
            plan.close()
    except ExecError as error:
        raise UsageError(f"{error.path}: {error.reason}") from None
    except OSError as error:
        raise UsageError(f"{program}: {error.strerror or error}") from None
    except ValueError as error:
        raise UsageError(f"{program!r}: {error}") from None


def prepare(
    kernel: "Kernel",
    path: str,
    execfn: bytes,
    argv: Sequence[bytes],
    *,
    script: bytes = b"",
    depth: int = 0,
) -> Plan:
    """Open and check a program, its ``#!`` interpreter, its ELF interpreter. Raises OSError.

    ``path`` is the host's, ``execfn`` what the guest asked for, ``script`` what the script at
    ``path`` is called when it is itself an interpreter.
    """
    fd = _open(path)
    plan = None
    try:
        head = _read_head(fd)
        if head.startswith(b"#!"):
            words = _script_words(path, head, depth)
            options = [*words, script or execfn, *argv[1:]]
            found = _script_interpreter(kernel, path, words[0])
            return prepare(kernel, found, execfn, options, script=words[0], depth=depth + 1)
        elf = _read(kernel, fd, path)
        plan = Plan(path, fd, elf, list(argv), execfn)
        if elf.interpreter is not None:
            _find_interpreter(kernel, plan, elf.interpreter)
        return plan
    finally:
        if plan is None:
            os.close(fd)


def _open(path: str) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        reason = (error.strerror or "cannot be opened").lower()
        raise ExecError(error.errno or errno.ENOENT, path, reason) from None


def _read_head(fd: int) -> bytes:
    try:
        return os.pread(fd, _SCRIPT_HEAD, 0)
    except OSError:
        return b""  # a directory, a pipe: read_elf says so


def _read(kernel: "Kernel", fd: int, path: str) -> Elf:
    try:
        elf = read_elf(fd, kernel.abi.elf_machine, TASK_SIZE)
        if not elf.relocatable and (elf.low < MMAP_MIN or elf.high > MMAP_TOP):
            raise ElfError("has a segment where programs may not be")
        if elf.relocatable and elf.high - elf.low > MMAP_TOP - PIE_BASE:
            raise ElfError("is too large for the address space")
    except ElfError as error:
        raise ExecError(errno.ENOEXEC, path, str(error)) from None
    return elf


def _find_interpreter(kernel: "Kernel", plan: Plan, wanted: bytes) -> None:
    shown = printable(wanted, NAME)
    try:
        plan.interpreter_path = kernel.paths.host(wanted)
        plan.interpreter_fd = _open(plan.interpreter_path)
    except (OSError, ValueError) as error:
        os.close(plan.fd)
        code = (isinstance(error, OSError) and error.errno) or errno.ENOENT
        hint = f"needs the interpreter {shown}, which was not found (-L ROOT says where to look)"
        raise ExecError(code, plan.path, hint) from None
    try:
        plan.interpreter = _read(kernel, plan.interpreter_fd, plan.interpreter_path)
    except OSError:
        plan.close()
        raise


def _script_words(path: str, head: bytes, depth: int) -> list[bytes]:
    """The interpreter that a script names, and its one argument if there is one."""
    if depth >= _SCRIPT_DEPTH:
        raise ExecError(errno.ELOOP, path, "has too many script interpreters in a row")
    words = head[2:].split(b"\n", 1)[0].strip(b" \t").split(None, 1)
    if not words:
        raise ExecError(errno.ENOEXEC, path, "has no interpreter after #!")
    return words


def _script_interpreter(kernel: "Kernel", path: str, wanted: bytes) -> str:
    try:
        return kernel.paths.host(wanted)
    except (OSError, ValueError) as error:
        code = (isinstance(error, OSError) and error.errno) or errno.ENOENT
        reason = f"needs the interpreter {printable(wanted, NAME)}, which was not found"
        raise ExecError(code, path, reason) from None


def check_size(kernel: "Kernel", strings: Sequence[bytes]) -> None:
    """Raise E2BIG when arguments and environment take more than a quarter of the stack."""
    total = sum(len(text) + 5 for text in strings)
    if total > kernel.options.stack_size // 4 or any(len(s) >= _MAX_STRING for s in strings):
        raise OSError(errno.E2BIG, os.strerror(errno.E2BIG))


def replace_image(kernel: "Kernel", plan: Plan, envp: Sequence[bytes]) -> int:
    """Throw the old image away and map the new one: the location to start at."""
    check_size(kernel, [*plan.argv, *envp])
    kernel.process.end_vfork()
    kernel.on_exec()
    space = kernel.space
    space.reset()
    space.read_implies_exec = plan.elf.exec_stack is None
    bias = PIE_BASE - plan.elf.low if plan.elf.relocatable else 0
    end = _map_elf(space, plan.elf, plan.fd, bias)
    space.brk_start = space.brk = page_up(end)
    entry, base = plan.elf.entry + bias, 0
    if plan.interpreter is not None:
        base, entry = _map_interpreter(space, plan, plan.interpreter)
    address, page = kernel.abi.commpage()
    kernel.memory.map(address, PAGE, READ | EXEC)
    kernel.memory.poke(address, page)
    sp = _map_stack(kernel, plan, envp, bias, base)
    kernel.signals.reset_for_exec()
    kernel.process.reset_for_exec(plan.path, plan.execfn, plan.argv)
    kernel.symbolizer.program = kernel.process.path
    return kernel.abi.start(kernel.state, entry & 0xFFFFFFFF, sp)


def _map_interpreter(space: AddressSpace, plan: Plan, elf: Elf) -> tuple[int, int]:
    """Load bias and entry of the ELF interpreter."""
    bias = 0
    if elf.relocatable:
        place = space.find(page_up(elf.high - elf.low))
        if place is None:
            raise ExecError(errno.ENOMEM, plan.interpreter_path, "does not fit")
        bias = place - elf.low
    elif not space.is_free(elf.low, page_up(elf.high)):
        raise ExecError(errno.ENOEXEC, plan.interpreter_path, "overlaps the program")
    _map_elf(space, elf, plan.interpreter_fd, bias)
    return bias, elf.entry + bias


def _map_elf(space: AddressSpace, elf: Elf, fd: int, bias: int) -> int:
    """Map all segments; one past the last byte."""
    for segment in elf.segments:
        _map_segment(space, segment, fd, bias)
    return elf.high + bias


def _map_segment(space: AddressSpace, segment: Segment, fd: int, bias: int) -> None:
    perms = segment.perms
    if space.read_implies_exec and perms & READ:
        perms |= EXEC
    start = segment.start + bias
    file_end = segment.vaddr + segment.filesz + bias
    end = page_up(segment.end + bias)
    if segment.filesz:
        area = Area(start, page_up(file_end), perms, offset=segment.offset & -PAGE)
        map_regular(space, area, fd, os.fstat(fd), writable=True)
        start = area.end
        if segment.memsz > segment.filesz:
            space.memory.poke(file_end, bytes(start - file_end))
    if start < end:
        # A page shared with the segment before keeps that one's bytes.
        while start < end and not space.is_free(start, start + PAGE):
            start += PAGE
        if start < end:
            space.map(Area(start, end, perms))


def _map_stack(kernel: "Kernel", plan: Plan, envp: Sequence[bytes], bias: int, base: int) -> int:
    """Map the stack with what a new program finds on it; the stack pointer."""
    elf, abi, options = plan.elf, kernel.abi, kernel.options
    size = min(page_up(max(options.stack_size, 64 * PAGE)), STACK_TOP - MMAP_TOP - (1 << 20))
    perms = READ | WRITE | (0 if elf.exec_stack is False else EXEC)
    kernel.space.map(Area(STACK_TOP - size, STACK_TOP, perms, grows_down=True))
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
            STACK_TOP,
            plan.argv,
            envp,
            auxv,
            execfn=plan.execfn,
            platform=abi.platform.encode(),
            random=kernel.random_bytes(16),
            limit=size // 2,
        )
    except stack.StackOverflow:
        raise ExecError(errno.E2BIG, plan.path, "too many arguments") from None
    kernel.memory.poke(sp, content)
    kernel.stack_start = sp
    return sp
