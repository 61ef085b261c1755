"""Users, groups and capabilities: the host user's, and unchangeable."""

import errno
import os
import struct

from dbt.linux.errors import failure
from dbt.linux.table import syscall
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

_OVERFLOW = 65534
_KEEP = -1


def _short(number: int) -> int:
    """An id in 16 bits."""
    return number if number <= 0xFFFF else _OVERFLOW


@syscall("getuid32")
def getuid32(kernel: "Kernel") -> int:
    """The user."""
    del kernel
    return os.getuid()


@syscall("geteuid32")
def geteuid32(kernel: "Kernel") -> int:
    """The effective user."""
    del kernel
    return os.geteuid()


@syscall("getgid32")
def getgid32(kernel: "Kernel") -> int:
    """The group."""
    del kernel
    return os.getgid()


@syscall("getegid32")
def getegid32(kernel: "Kernel") -> int:
    """The effective group."""
    del kernel
    return os.getegid()


@syscall("getuid")
def getuid(kernel: "Kernel") -> int:
    """The user in 16 bits."""
    return _short(getuid32(kernel))


@syscall("geteuid")
def geteuid(kernel: "Kernel") -> int:
    """The effective user in 16 bits."""
    return _short(geteuid32(kernel))


@syscall("getgid")
def getgid(kernel: "Kernel") -> int:
    """The group in 16 bits."""
    return _short(getgid32(kernel))


@syscall("getegid")
def getegid(kernel: "Kernel") -> int:
    """The effective group in 16 bits."""
    return _short(getegid32(kernel))


def _same(wanted: tuple[int, ...], allowed: tuple[int, ...]) -> int:
    """0 when nothing would change, else EPERM."""
    if any(number != _KEEP and number not in allowed for number in wanted):
        raise failure(errno.EPERM)
    return 0


def _short_id(number: int) -> int:
    return _KEEP if number & 0xFFFF == 0xFFFF else number & 0xFFFF


@syscall("setuid32", "setfsuid32")
def setuid32(kernel: "Kernel", user: int) -> int:
    """The guest stays who it is."""
    del kernel
    return _same((user,), os.getresuid())


@syscall("setgid32", "setfsgid32")
def setgid32(kernel: "Kernel", group: int) -> int:
    """The guest stays who it is."""
    del kernel
    return _same((group,), os.getresgid())


@syscall("setuid", "setfsuid")
def setuid(kernel: "Kernel", user: int) -> int:
    """setuid32 with 16 bits."""
    return setuid32(kernel, _short_id(user))


@syscall("setgid", "setfsgid")
def setgid(kernel: "Kernel", group: int) -> int:
    """setgid32 with 16 bits."""
    return setgid32(kernel, _short_id(group))


@syscall("setreuid32")
def setreuid32(kernel: "Kernel", real: int, effective: int) -> int:
    """The guest stays who it is."""
    del kernel
    return _same((real, effective), os.getresuid())


@syscall("setregid32")
def setregid32(kernel: "Kernel", real: int, effective: int) -> int:
    """The guest stays who it is."""
    del kernel
    return _same((real, effective), os.getresgid())


@syscall("setreuid")
def setreuid(kernel: "Kernel", real: int, effective: int) -> int:
    """setreuid32 with 16 bits."""
    return setreuid32(kernel, _short_id(real), _short_id(effective))


@syscall("setregid")
def setregid(kernel: "Kernel", real: int, effective: int) -> int:
    """setregid32 with 16 bits."""
    return setregid32(kernel, _short_id(real), _short_id(effective))


@syscall("setresuid")
def setresuid(kernel: "Kernel", real: int, effective: int, saved: int) -> int:
    """setresuid32 with 16 bits."""
    return setresuid32(kernel, *(_short_id(number) for number in (real, effective, saved)))


@syscall("setresgid")
def setresgid(kernel: "Kernel", real: int, effective: int, saved: int) -> int:
    """setresgid32 with 16 bits."""
    return setresgid32(kernel, *(_short_id(number) for number in (real, effective, saved)))


@syscall("setresuid32")
def setresuid32(kernel: "Kernel", real: int, effective: int, saved: int) -> int:
    """The guest stays who it is."""
    del kernel
    return _same((real, effective, saved), os.getresuid())


@syscall("setresgid32")
def setresgid32(kernel: "Kernel", real: int, effective: int, saved: int) -> int:
    """The guest stays who it is."""
    del kernel
    return _same((real, effective, saved), os.getresgid())


@syscall("getresuid32")
def getresuid32(kernel: "Kernel", real: int, effective: int, saved: int) -> int:
    """All three users."""
    for address, number in zip((real, effective, saved), os.getresuid(), strict=True):
        kernel.memory.store(address, 4, number)
    return 0


@syscall("getresgid32")
def getresgid32(kernel: "Kernel", real: int, effective: int, saved: int) -> int:
    """All three groups."""
    for address, number in zip((real, effective, saved), os.getresgid(), strict=True):
        kernel.memory.store(address, 4, number)
    return 0


@syscall("getresuid")
def getresuid(kernel: "Kernel", real: int, effective: int, saved: int) -> int:
    """All three users in 16 bits."""
    for address, number in zip((real, effective, saved), os.getresuid(), strict=True):
        kernel.memory.store(address, 2, _short(number))
    return 0


@syscall("getresgid")
def getresgid(kernel: "Kernel", real: int, effective: int, saved: int) -> int:
    """All three groups in 16 bits."""
    for address, number in zip((real, effective, saved), os.getresgid(), strict=True):
        kernel.memory.store(address, 2, _short(number))
    return 0


def _getgroups(kernel: "Kernel", size: int, address: int, format_: str) -> int:
    groups = os.getgroups()
    if size:
        if size < len(groups):
            raise failure(errno.EINVAL)
        numbers = [number if format_ == "I" else _short(number) for number in groups]
        kernel.memory.write(address, struct.pack(f"<{len(numbers)}{format_}", *numbers))
    return len(groups)


@syscall("getgroups32")
def getgroups32(kernel: "Kernel", size: int, address: int) -> int:
    """The supplementary groups."""
    return _getgroups(kernel, size, address, "I")


@syscall("getgroups")
def getgroups(kernel: "Kernel", size: int, address: int) -> int:
    """The supplementary groups in 16 bits."""
    return _getgroups(kernel, size, address, "H")


@syscall("setgroups", "setgroups32", "sethostname", "setdomainname", "reboot")
def privileged(kernel: "Kernel") -> int:
    """Only a superuser may, and no guest is one."""
    del kernel
    raise failure(errno.EPERM)


_CAPABILITY_WORDS = {0x19980330: 1, 0x20071026: 2, 0x20080522: 2}


@syscall("capget")
def capget(kernel: "Kernel", header: int, data: int) -> int:
    """No capabilities."""
    words = _CAPABILITY_WORDS.get(kernel.memory.load(header, 4))
    if words is None:
        kernel.memory.store(header, 4, 0x20080522)
        raise failure(errno.EINVAL)
    if data:
        kernel.memory.write(data, bytes(12 * words))
    return 0


@syscall("capset")
def capset(kernel: "Kernel", header: int, data: int) -> int:
    """None can be gained."""
    del header
    if any(kernel.memory.read(data, 8)):
        raise failure(errno.EPERM)
    return 0
