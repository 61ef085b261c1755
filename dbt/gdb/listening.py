"""Where a debugger connects: a port of this machine, or a unix socket."""

import contextlib
import os
import socket
from collections.abc import Iterator

from dbt.stops import UsageError
from dbt.streams import say

HOST = "127.0.0.1"


@contextlib.contextmanager
def connection(where: str) -> Iterator[socket.socket]:
    """The connection of the first debugger that comes to ``where``: the number of a port, which
    only this machine reaches (0: any that is free), or the path of a socket that is made, and that
    only this user may open. Says where it waits. Raises UsageError."""
    listener, name = _listening(where)
    try:
        with listener:
            say(f"armdbt: waiting for a debugger: target remote {name}")
            stream, _ = listener.accept()
    finally:
        if listener.family == socket.AF_UNIX:
            with contextlib.suppress(OSError):
                os.unlink(where)
    with stream:
        if stream.family != socket.AF_UNIX:
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield stream


def _listening(where: str) -> tuple[socket.socket, str]:
    """A socket that listens, and what a debugger calls it."""
    if ":" in where:  # gdb takes what has a colon for a machine and a port
        raise UsageError(f"-g {where}: a port alone, or the path of a socket, without ':'")
    family = socket.AF_INET if where.isdecimal() else socket.AF_UNIX
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if family == socket.AF_INET:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((HOST, _port(where)))
            listener.listen(1)
            name = "{}:{}".format(*listener.getsockname())
        else:
            _listen_for_user(listener, where)
            name = where
    except OSError as error:
        listener.close()
        raise UsageError(f"-g {where}: {error.strerror or error}") from None
    except UsageError:
        listener.close()
        raise
    return listener, name


def _port(where: str) -> int:
    port = int(where)
    if port > 0xFFFF:
        raise UsageError(f"-g {where}: a port is a number up to 65535")
    return port


def _listen_for_user(listener: socket.socket, path: str) -> None:
    """Listen at a path, which is there as soon as one can connect."""
    making = f"{path}.{os.getpid()}"
    mask = os.umask(0o177)
    try:
        listener.bind(making)
    finally:
        os.umask(mask)
    try:
        listener.listen(1)
        os.link(making, path)
    finally:
        os.unlink(making)
