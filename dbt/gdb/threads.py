"""Ids of threads in packets ("thread-id syntax"), and lists of threads."""

from xml.sax.saxutils import quoteattr

from dbt.gdb.packets import number
from dbt.text import printable

ALL, ANY = -1, 0


def parse(text: bytes) -> int:
    """The thread that a packet names: an id, ALL or ANY. The process is the only one. Raises
    Malformed."""
    if text.startswith(b"p"):
        process, dot, thread = text[1:].partition(b".")
        if process != b"-1":
            number(process)
        text = thread if dot else b"-1"
    return ALL if text == b"-1" else number(text)


def shown(process: int, thread: int, *, with_process: bool) -> bytes:
    """A thread as packets name it."""
    return b"p%x.%x" % (process, thread) if with_process else b"%x" % thread


def as_xml(threads: list[tuple[bytes, bytes]]) -> bytes:
    """The list of threads that ``qXfer:threads:read`` reads, from ids as packets have them, and
    names."""
    rows = [
        f"<thread id={quoteattr(tid.decode())} name={quoteattr(_text(name))}/>\n"
        for tid, name in threads
    ]
    return f'<?xml version="1.0"?>\n<threads>\n{"".join(rows)}</threads>\n'.encode()


def _text(name: bytes) -> str:
    return printable(name.decode(errors="replace"))
