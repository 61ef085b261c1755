"""Program files: opened and checked as exec does it, scripts and interpreters too (fs/exec.c,
fs/binfmt_script.c)."""

import errno
import fcntl
import os
import stat
from collections.abc import Sequence

from dbt.classes import attrs
from dbt.linux.state.objects import Handle, where
from dbt.loader.elf import Elf, ElfError, read_elf
from dbt.signals import signal
from dbt.text import NAME, printable
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

_HEAD_SIZE = 256  # BINPRM_BUF_SIZE
_MOST_SCRIPTS = 5
_BLANK = b" \t"


class ExecError(OSError):
    """The program cannot be run. ``reason`` follows the path in a message for the user. ``late``: a
    kernel would find out only when the old program is gone."""

    def __init__(self, code: int, path: str, reason: str, *, late: bool = False) -> None:
        super().__init__(code, reason)
        self.path = path
        self.reason = reason
        self.late = late


@attrs.define
class Program:
    """An open file that may be executed. The descriptor is the host's."""

    path: str
    """The host's."""
    fd: int
    name: bytes
    """The name that the guest used: AT_EXECFN, and what a script's interpreter is given to open."""
    hidden: bool = False
    """The name means nothing after exec, because it is that of a descriptor which exec closes."""

    def close(self) -> None:
        """Close the file."""
        os.close(self.fd)


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


def open_program(found: Handle, name: bytes, *, hidden: bool = False) -> Program:
    """Open a file that was looked up for execution (do_open_execat). EACCES, ETXTBSY."""
    path = os.fsdecode(where(found)[0])
    fd = _open(found.reach, path)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise ExecError(errno.EACCES, path, "is not a regular file")
        if not os.access(found.reach, os.X_OK):
            raise ExecError(errno.EACCES, path, "is not executable")
        if _is_being_written(fd):
            raise ExecError(errno.ETXTBSY, path, "is open for writing")
        return Program(path, fd, name, hidden)
    except OSError:
        os.close(fd)
        raise


def open_first(path: str) -> Program:
    """Open the first program: the user may name any file that can be read."""
    return Program(path, _open(os.fsencode(path), path), os.fsencode(path))


def _open(reach: bytes, path: str) -> int:
    try:
        return os.open(reach, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        reason = (error.strerror or "cannot be opened").lower()
        raise ExecError(error.errno or errno.ENOENT, path, reason) from None


def _is_being_written(fd: int) -> bool:
    """Whether any process of the host has the file open for writing: it gives no read lease then.
    Where it gives none for another reason (a file of another user's), it counts as not written."""
    try:
        fcntl.fcntl(fd, fcntl.F_SETSIG, signal.SIGURG)  # if the lease is broken: as good as nothing
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN
    return False


def prepare(kernel: "Kernel", program: Program, argv: Sequence[bytes]) -> Plan:
    """Check a program, its ``#!`` interpreter, its ELF interpreter. The descriptor is the plan's,
    or closed. Raises OSError."""
    execfn, argv = program.name, list(argv) or [b""]
    scripts = 0
    while True:
        try:
            words = _script_words(program.path, _read_head(program.fd))
            if words is None:
                return _plan(kernel, program, argv, execfn)
            found = _script_interpreter(kernel, program, words[0], scripts)
        except OSError:
            program.close()
            raise
        program.close()
        argv = [*words, program.name, *argv[1:]]
        program = found
        scripts += 1


def _read_head(fd: int) -> bytes:
    try:
        return os.pread(fd, _HEAD_SIZE, 0)
    except OSError:
        return b""  # a directory, a pipe: read_elf says so


def _script_words(path: str, head: bytes) -> list[bytes] | None:
    """The interpreter that a script names, and its one argument if there is one; None when it is no
    script (load_script). A carriage return is part of a name as any other byte."""
    if not head.startswith(b"#!"):
        return None
    line, newline, _ = head[2:].split(b"\0", 1)[0].partition(b"\n")
    line = line if newline else head[2:].ljust(_HEAD_SIZE - 2, b"\0")
    text = line.strip(_BLANK) if newline else line[:-1].lstrip(_BLANK)
    if not newline and not any(byte in text for byte in b" \t\0"):
        raise ExecError(errno.ENOEXEC, path, "has an interpreter whose name is too long after #!")
    text = text.rstrip(_BLANK)
    size = next((at for at, byte in enumerate(text) if byte in b" \t\0"), len(text))
    if not text:
        raise ExecError(errno.ENOEXEC, path, "has no interpreter after #!")
    name, rest = text[:size], text[size:]
    argument = b"" if rest.startswith(b"\0") else rest.lstrip(_BLANK).split(b"\0", 1)[0]
    return [name, argument] if argument else [name]


def _script_interpreter(kernel: "Kernel", script: Program, wanted: bytes, scripts: int) -> Program:
    """Open what a script names."""
    if script.hidden:
        raise ExecError(errno.ENOENT, script.path, "is a script that is closed by its execution")
    try:
        found = open_program(kernel.paths.readable(wanted), wanted)
    except (OSError, ValueError) as error:
        code = (isinstance(error, OSError) and error.errno) or errno.ENOENT
        lack = f"which {error.reason}" if isinstance(error, ExecError) else "which was not found"
        reason = f"needs the interpreter {printable(wanted, NAME)}, {lack}"
        raise ExecError(code, script.path, reason) from None
    if scripts >= _MOST_SCRIPTS:
        found.close()
        raise ExecError(errno.ELOOP, script.path, "has too many script interpreters in a row")
    return found


def _plan(kernel: "Kernel", program: Program, argv: list[bytes], execfn: bytes) -> Plan:
    elf = _read(kernel, program.fd, program.path, errno.ENOEXEC)
    plan = Plan(program.path, program.fd, elf, argv, execfn)
    if elf.interpreter is not None:
        _find_interpreter(kernel, plan, elf.interpreter)
    return plan


def _read(kernel: "Kernel", fd: int, path: str, code: int) -> Elf:
    abi = kernel.abi
    try:
        return read_elf(fd, abi.elf_machine, abi.task_size, abi.elf_objection)
    except ElfError as error:
        raise ExecError(code, path, str(error), late=error.late) from None


def _find_interpreter(kernel: "Kernel", plan: Plan, wanted: bytes) -> None:
    shown = printable(wanted, NAME)
    try:
        found = open_program(kernel.paths.readable(wanted), wanted)
    except (OSError, ValueError) as error:
        code = (isinstance(error, OSError) and error.errno) or errno.ENOENT
        hint = f"needs the interpreter {shown}, which was not found (-L ROOT says where to look)"
        if isinstance(error, ExecError) and error.errno != errno.ENOENT:
            hint = f"needs the interpreter {shown}, which {error.reason}"
        raise ExecError(code, plan.path, hint) from None
    plan.interpreter_path, plan.interpreter_fd = found.path, found.fd
    try:
        plan.interpreter = _read(kernel, found.fd, found.path, errno.ELIBBAD)
    except OSError:
        found.close()
        raise
