"""Socket addresses between guest and host: unix names are looked up, hosts are compared with what
the user allowed."""

import errno
import os
import stat
import struct

from dbt.classes import attrs
from dbt.linux import host
from dbt.linux.errors import failure
from dbt.linux.state.network import AF_INET, AF_INET6
from dbt.linux.state.objects import Handle
from dbt.linux.structs import layout
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

AF_UNSPEC, AF_UNIX = 0, 1
SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET = 1, 2, 5
_SOL_SOCKET, _SO_TYPE, _SO_DOMAIN = 1, 3, 39
_STORAGE_BYTES = 128  # struct sockaddr_storage
_UNIX_BYTES = 110  # struct sockaddr_un
_FAMILY = struct.Struct("=H")


@attrs.frozen
class HostAddress:
    """A socket address for the host's kernel. ``keep`` is the file that it names."""

    data: bytes
    keep: Handle | None = None


def socket_fd(kernel: "Kernel", fd: int) -> int:
    """The host descriptor of a socket. EBADF, ENOTSOCK."""
    found = kernel.files.host_fd(fd)
    if not stat.S_ISSOCK(os.fstat(found).st_mode):
        raise failure(errno.ENOTSOCK)
    return found


def _int_option(host_fd: int, option: int) -> int:
    value = memoryview(bytearray(4))
    size = memoryview(bytearray(b"\4\0\0\0"))
    pointers = host.address_of(value), host.address_of(size)
    host.call("getsockopt", host_fd, _SOL_SOCKET, option, *pointers)
    return int.from_bytes(value, "little")


def domain(host_fd: int) -> int:
    """The address family of a socket."""
    return _int_option(host_fd, _SO_DOMAIN)


def kind(host_fd: int) -> int:
    """The type of a socket."""
    return _int_option(host_fd, _SO_TYPE)


def read_address(kernel: "Kernel", address: int, size: int) -> bytes:
    """A socket address as the guest wrote it (net/socket.c: move_addr_to_kernel)."""
    if not 0 <= size <= _STORAGE_BYTES:
        raise failure(errno.EINVAL)
    data = kernel.memory.read(address, size)
    # Some conventions of calls pad struct sockaddr_un at its end.
    padded = _UNIX_BYTES < size == layout(kernel, "sockaddr_un").size
    return data[:_UNIX_BYTES] if padded and _family(data) == AF_UNIX else data


def _family(data: bytes) -> int:
    return int(_FAMILY.unpack_from(data)[0]) if len(data) >= _FAMILY.size else -1


def unix_name(data: bytes) -> bytes:
    """The ``sun_path`` of an address: a path, or a NUL and an abstract name. EINVAL
    (net/unix/af_unix.c: unix_validate_addr)."""
    if not _FAMILY.size < len(data) <= _UNIX_BYTES or _family(data) != AF_UNIX:
        raise failure(errno.EINVAL)
    name = data[_FAMILY.size :]
    return name if name.startswith(b"\0") else name.partition(b"\0")[0]


def pack_unix(name: bytes) -> bytes:
    """The address with this ``sun_path``."""
    return _FAMILY.pack(AF_UNIX) + name


def destination(kernel: "Kernel", host_fd: int, data: bytes) -> HostAddress:
    """The address to connect or send to. ENETUNREACH for a host that is not allowed, EACCES for a
    unix socket in a directory where the guest may change nothing."""
    family = domain(host_fd)
    if family != AF_UNIX:
        if not kernel.network.reaches(data):
            kernel.unknown_syscalls["other hosts (--allow-host)"] += 1
            raise failure(errno.ENETUNREACH)
        return HostAddress(data)
    if _family(data) == AF_UNSPEC:
        return HostAddress(data)
    name = unix_name(data)
    if name.startswith(b"\0"):
        return HostAddress(pack_unix(kernel.process.socket_names.abstract(name)))
    place = kernel.paths.existing(name)
    if place.handle is None:
        raise failure(errno.ECONNREFUSED)
    if not place.changeable:
        kernel.unknown_syscalls["unix sockets outside of writable directories"] += 1
        raise failure(errno.EACCES)
    return HostAddress(pack_unix(place.handle.reach), place.handle)


def from_host(kernel: "Kernel", data: bytes) -> bytes:
    """An address that the host's kernel gave, as the guest knows it."""
    name = data[_FAMILY.size :]
    if _family(data) != AF_UNIX or not name:
        return data
    found = kernel.process.socket_names.guest(name)
    if found is None and not name.startswith(b"\0"):  # of a program outside of the guest
        path = name.partition(b"\0")[0]
        found = (kernel.paths.view.shown(path) or path) + b"\0"
    return pack_unix(name if found is None else found)[:_UNIX_BYTES]


def write_address(kernel: "Kernel", address: int, size: int, data: bytes) -> None:
    """Store an address, cut to the room there is, and its whole length (move_addr_to_user)."""
    room = kernel.memory.load(size, 4)
    if room >> 31:
        raise failure(errno.EINVAL)
    if room and data:
        kernel.memory.write(address, data[:room])
    kernel.memory.store(size, 4, len(data))


def is_network(family: int) -> bool:
    """Whether it is one of the families of the network that are served."""
    return family in (AF_INET, AF_INET6)
