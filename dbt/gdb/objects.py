"""Packets ``qXfer:OBJECT:read``: texts and tables that a debugger reads in pieces."""

from collections.abc import Callable

from dbt.gdb.context import NOT_THERE, UNSUPPORTED, Answer, Context, first_part
from dbt.gdb.packets import MOST, escaped, numbers

TARGET = b"target.xml"


class Objects:
    """Answers packets ``qXfer``. ``thread_list`` makes the list of threads."""

    def __init__(self, context: Context, thread_list: Callable[[], bytes]) -> None:
        debuggee = context.debuggee
        self._known: dict[bytes, Callable[[bytes], bytes | None]] = {
            b"features": lambda annex: debuggee.target.description if annex == TARGET else None,
            b"auxv": lambda _: debuggee.auxv,
            b"exec-file": lambda _: debuggee.program,
            b"threads": lambda _: thread_list(),
            b"siginfo": lambda _: debuggee.siginfo,
        }
        self.answers: dict[bytes, Answer] = {b"qXfer": self._read}

    @property
    def names(self) -> list[bytes]:
        """The objects that there are, as ``qSupported`` names them."""
        return [b"qXfer:%s:read+" % name for name in self._known]

    def _read(self, rest: bytes) -> bytes:
        name, rest = first_part(rest, b":")
        what, rest = first_part(rest, b":")
        annex, place = first_part(rest, b":")
        if name not in self._known or what != b"read":
            return UNSUPPORTED
        offset, size = numbers(place)
        content = self._known[name](annex)
        if content is None:
            return NOT_THERE
        return piece(content, offset, size)


def piece(content: bytes, offset: int, size: int) -> bytes:
    """A part of an object, with the letter that says whether there is more."""
    end = offset + min(size, MOST // 2)  # each byte may take two
    return (b"m" if end < len(content) else b"l") + escaped(content[offset:end])
