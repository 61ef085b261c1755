"""The names of the guest's unix sockets on the host, and back.

A name of a unix socket is a string that every peer may ask for, and the host's kernel keeps one of
its own for each: a path through a descriptor in place of the guest's path, and a name that nobody
else can guess in place of an abstract one, so that abstract names of the host are out of reach. A
file in memory, which all processes of the guest share, has the guest's name of each.
"""

import fcntl
import os
import struct

_RECORD = struct.Struct("=B108sB108s")  # lengths and names: the host's, the guest's
_SECRET_BYTES = 16


class SocketNames:
    """Names that the guest has bound, by the host's name. Names are ``sun_path`` as
    getsockname(2) returns it: a path with a NUL behind it, or a NUL and an abstract name."""

    def __init__(self) -> None:
        self._fd = -1
        self._secret = b""

    def begin(self) -> None:
        """Make what forked processes share. Called before the first fork, and at each use."""
        if self._fd < 0:
            self._fd = os.memfd_create("sockets")
            fcntl.fcntl(self._fd, fcntl.F_SETFL, os.O_APPEND)
            self._secret = os.urandom(_SECRET_BYTES)

    def abstract(self, name: bytes) -> bytes:
        """The host's abstract name in place of the guest's."""
        import hashlib  # few programs use it

        self.begin()
        digest = hashlib.blake2b(name, key=self._secret, digest_size=16).hexdigest()
        return b"\0armdbt-" + digest.encode()

    def add(self, host: bytes, guest: bytes) -> None:
        """Remember what the guest calls a name of the host. Appending is atomic."""
        self.begin()
        os.write(self._fd, _RECORD.pack(len(host), host, len(guest), guest))

    def guest(self, host: bytes) -> bytes | None:
        """What the guest calls a name of the host; None for one that is not the guest's."""
        if self._fd < 0:
            return None
        data = os.pread(self._fd, os.fstat(self._fd).st_size, 0)
        for size, name, guest_size, guest_name in _RECORD.iter_unpack(data):
            if name[:size] == host:
                return bytes(guest_name[:guest_size])
        return None

    def close(self) -> None:
        """Give the file back."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
