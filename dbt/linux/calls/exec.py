"""exec: a program file becomes the guest's new image, with its arguments (fs/exec.c)."""

import errno
import os
import struct
from collections.abc import Iterator, Sequence

from dbt.interfaces import PAGE
from dbt.linux.errors import Leave, failure
from dbt.linux.guestio import read_path
from dbt.linux.image import replace_image
from dbt.linux.programs import ExecError, Plan, Program, open_first, open_program, prepare
from dbt.linux.state import limits, robust
from dbt.linux.state.objects import Handle
from dbt.linux.state.paths import AT_FDCWD
from dbt.linux.state.sigaction import SIGSEGV
from dbt.linux.table import syscall
from dbt.stops import Killed, UsageError
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

_MAX_ARG_STRLEN = 32 * PAGE
_ARG_MAX = 128 << 10
_MOST_BYTES = 6 << 20
"""Three quarters of the kernel's default stack."""
_AT_SYMLINK_NOFOLLOW, _AT_EMPTY_PATH = 0x100, 0x1000


def _meant_in_root(root: str | None, program: str) -> str:
    """What to say when the program's path leads to a file below -L: it was meant as the guest's."""
    below = [program.lstrip("/")]
    below += [] if "/" in program else [f"bin/{program}", f"usr/bin/{program}"]
    paths = [os.path.join(root, path) for path in below] if root is not None else []
    found = next((path for path in paths if os.path.lexists(path)), None)
    return f"; the program is a path of the host: did you mean {found}?" if found else ""


def load(kernel: "Kernel", program: str, argv: Sequence[bytes], envp: Sequence[bytes]) -> int:
    """Load the first program, a path of the host. Raises UsageError."""
    if not program:
        raise UsageError("the program's path is empty")
    try:
        plan = prepare(kernel, open_first(program), argv)
        try:
            _Room(kernel, len(argv), len(envp)).take_all(plan, envp)
            return replace_image(kernel, plan, envp)
        finally:
            plan.close()
    except ExecError as error:
        hint = _meant_in_root(kernel.options.root, program)
        raise UsageError(f"{error.path}: {error.reason}{hint}") from None
    except OSError as error:
        raise UsageError(f"{program}: {error.strerror or error}") from None
    except ValueError as error:
        raise UsageError(f"{program!r}: {error}") from None


# -- arguments -------------------------------------------------------------------------------------


class _Room:
    """How many bytes of strings a new program may still get (bprm_stack_limits): E2BIG after."""

    def __init__(self, kernel: "Kernel", arguments: int, variables: int) -> None:
        stack = limits.limit(kernel, limits.STACK)[0]
        limit = max(min(_MOST_BYTES, stack // 4), _ARG_MAX)
        self.left = limit - 4 * (max(arguments, 1) + variables)
        if self.left <= 0:
            raise failure(errno.E2BIG)

    def take(self, text: bytes) -> bytes:
        """Take the bytes of one string."""
        self.left -= len(text) + 1
        if self.left < 0 or len(text) >= _MAX_ARG_STRLEN:
            raise failure(errno.E2BIG)
        return text

    def take_all(self, plan: Plan, envp: Sequence[bytes]) -> None:
        """The same, of everything that a program gets."""
        for text in (plan.execfn, *plan.argv, *envp):
            self.take(text)


def _pointers(kernel: "Kernel", address: int) -> list[int]:
    """A null-terminated array of pointers; a null pointer is an empty one (count)."""
    return list(_each_pointer(kernel, address)) if address else []


def _each_pointer(kernel: "Kernel", address: int) -> Iterator[int]:
    count = 0
    while True:
        size = max(4, (PAGE - address % PAGE) & -4)  # a page at a time: the next may not be there
        for (pointer,) in struct.iter_unpack("<I", kernel.memory.read(address, size)):
            if not pointer:
                return
            count += 1
            if 4 * count > _MOST_BYTES:
                raise failure(errno.E2BIG)
            yield pointer
        address += size


def _texts(kernel: "Kernel", pointers: list[int], room: _Room) -> list[bytes]:
    """The strings, read from the last to the first as the kernel does."""
    found = []
    for pointer in reversed(pointers):
        try:
            text = kernel.memory.cstring(pointer, _MAX_ARG_STRLEN)
        except ValueError:
            raise failure(errno.E2BIG) from None
        found.append(room.take(text))
    return found[::-1]


# -- the calls -------------------------------------------------------------------------------------


def _run(kernel: "Kernel", program: Program, argv_at: int, envp_at: int) -> int:
    """Replace the image. Errors that a kernel meets when the old one is gone end the process."""
    try:
        argv, envp = _pointers(kernel, argv_at), _pointers(kernel, envp_at)
        room = _Room(kernel, len(argv), len(envp))
        room.take(program.name)
        variables = _texts(kernel, envp, room)
        arguments = _texts(kernel, argv, room)
        before = sum(len(text) + 1 for text in arguments)
    except BaseException:
        program.close()
        raise
    try:
        plan = prepare(kernel, program, arguments)
    except ExecError as error:
        if not error.late:
            raise
        robust.leave_all(kernel)
        raise Leave(_killed(kernel)) from None
    try:
        if sum(len(text) + 1 for text in plan.argv) - before > room.left:
            raise failure(errno.E2BIG)
        robust.leave_all(kernel)
        try:
            location = replace_image(kernel, plan, variables)
        except OSError:
            raise Leave(_killed(kernel)) from None
        kernel.files.close_on_exec()
    finally:
        plan.close()
    raise Leave(location)


def _killed(kernel: "Kernel") -> Killed:
    """The end of a program that was given up before its successor could be loaded."""
    location = kernel.resume
    return Killed(SIGSEGV, kernel.abi.key_of(location).pc, location=location)


@syscall("execve")
def execve(kernel: "Kernel", path: int, argv: int, envp: int) -> int:
    """Run another program in this process."""
    return execveat(kernel, AT_FDCWD, path, argv, envp, 0)


@syscall("execveat")
def execveat(kernel: "Kernel", dirfd: int, path: int, argv: int, envp: int, flags: int) -> int:
    """The same, relative to a directory, or of an open file (AT_EMPTY_PATH)."""
    name = read_path(kernel, path)
    if not name and not flags & _AT_EMPTY_PATH:
        raise failure(errno.ENOENT)
    if flags & ~(_AT_SYMLINK_NOFOLLOW | _AT_EMPTY_PATH):
        raise failure(errno.EINVAL)
    if not name:
        found = Handle(kernel.files.host_fd(dirfd), borrowed=True)
        called = f"/dev/fd/{dirfd}".encode()
        program = open_program(found, called, hidden=kernel.files.get(dirfd).cloexec)
        return _run(kernel, program, argv, envp)
    found = kernel.paths.readable(name, dirfd, follow=not flags & _AT_SYMLINK_NOFOLLOW)
    below = dirfd != AT_FDCWD and not name.startswith(b"/")
    called = f"/dev/fd/{dirfd}/".encode() + name if below else name
    hidden = below and kernel.files.get(dirfd).cloexec
    return _run(kernel, open_program(found, called, hidden=hidden), argv, envp)
