"""Packets of gdb's remote serial protocol on a stream ("Overview" and "Packet Acknowledgment" in
the appendix of gdb's manual)."""

import re
import socket
from contextlib import suppress

MOST = 1 << 14
"""Bytes of a packet's contents, in both directions."""
INTERRUPT = b"\x03"
"""What ``receive`` returns for Ctrl-C."""
_RESENDS = 5
_ESCAPED = re.compile(rb"[#$*}]")
_AFTER_ESCAPE = re.compile(rb"\}(.)", re.DOTALL)


class ProtocolError(Exception):
    """What has come is no packet."""


class Malformed(Exception):
    """The contents of a packet cannot be read."""


class Channel:
    """Sends and receives packets. The peer's end, however it comes, is the end of what can be
    received; nothing can be sent any more then, which is no error.

    ``acknowledging``: each side confirms each packet.
    """

    def __init__(self, stream: socket.socket) -> None:
        self._stream = stream
        self._buffer = bytearray()
        self._last = b""
        self._resent = 0
        self.acknowledging = True

    def receive(self) -> bytes | None:
        """The contents of the next packet, or INTERRUPT; None when the peer has gone. Raises
        ProtocolError for what is no packet."""
        while True:
            packet = self._next()
            if packet is not None:
                return packet
            try:
                more = self._stream.recv(MOST)
            except OSError:
                return None
            if not more:
                return None
            self._buffer += more

    def buffered(self) -> bool:
        """Whether there is something that was read and not returned."""
        return bool(self._buffer)

    def send(self, contents: bytes) -> None:
        """Send a packet."""
        self._last = b"$%s#%02x" % (contents, _checksum(contents))
        self._write(self._last)

    def close(self) -> None:
        """Give the connection up: what the peer sends is not read any more."""
        with suppress(OSError):
            self._stream.shutdown(socket.SHUT_RDWR)

    def _write(self, data: bytes) -> None:
        with suppress(OSError):  # the next ``receive`` finds the end
            self._stream.sendall(data, socket.MSG_NOSIGNAL)  # SIGPIPE may be the guest's

    def _next(self) -> bytes | None:
        """The next packet of the buffer; None for more to come."""
        while self._buffer:
            first = bytes(self._buffer[:1])
            if first == b"$":
                return self._packet()
            del self._buffer[:1]
            if first == INTERRUPT:
                return INTERRUPT
            if first == b"-":
                self._again()
            elif first != b"+":
                shown = first + bytes(self._buffer[:15])
                raise ProtocolError(f"a packet begins with '$', not {shown!r}")
        return None

    def _packet(self) -> bytes | None:
        end = self._buffer.find(b"#")
        if end < 0 or len(self._buffer) < end + 3:
            if len(self._buffer) > MOST + 4:
                raise ProtocolError(f"a packet has at most {MOST} bytes")
            return None
        contents, sum_ = bytes(self._buffer[1:end]), bytes(self._buffer[end + 1 : end + 3])
        del self._buffer[: end + 3]
        if re.fullmatch(rb"[0-9a-fA-F]{2}", sum_) and int(sum_, 16) == _checksum(contents):
            self._resent = 0
            if self.acknowledging:
                self._write(b"+")
            return contents
        if not self.acknowledging:
            raise ProtocolError("a packet's checksum is wrong")
        self._count()
        self._write(b"-")
        return self._next()

    def _again(self) -> None:
        if self.acknowledging and self._last:
            self._count()
            self._write(self._last)

    def _count(self) -> None:
        self._resent += 1
        if self._resent > _RESENDS:
            raise ProtocolError(f"a packet came damaged {self._resent} times in a row")


def _checksum(contents: bytes) -> int:
    return sum(contents) & 0xFF


def escaped(data: bytes) -> bytes:
    """Binary data as packets have it."""
    return _ESCAPED.sub(lambda found: b"}%c" % (found[0][0] ^ 0x20), data)


def unescaped(data: bytes) -> bytes:
    """The binary data of a packet."""
    return _AFTER_ESCAPE.sub(lambda found: b"%c" % (found[1][0] ^ 0x20), data)


def number(text: bytes, most: int = 0xFFFFFFFF) -> int:
    """A number in hexadecimal. Raises Malformed for anything else, and for more than ``most``."""
    if not re.fullmatch(rb"[0-9a-fA-F]{1,16}", text) or (value := int(text, 16)) > most:
        raise Malformed
    return value


def numbers(text: bytes, separator: bytes = b",") -> tuple[int, int]:
    """Two numbers, mostly an address and a size. Raises Malformed."""
    first, _, second = text.partition(separator)
    return number(first), number(second)


def bytes_of(text: bytes) -> bytes:
    """Bytes in hexadecimal. Raises Malformed."""
    if len(text) % 2 or not re.fullmatch(rb"[0-9a-fA-F]*", text):
        raise Malformed
    return bytes.fromhex(text.decode())
