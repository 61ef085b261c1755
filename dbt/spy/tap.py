"""From system call events to the events of the record.

``Tap`` keeps what the calls say about one process (its descriptors, its working directory) and asks
the handler of each call (``dbt/spy/handlers``) what to record. A call is recorded when it has
returned, with the time at which it took effect as others may see it: what gives something away
(writes, close, fork, kill, exit) has the time it began, everything else the time it ended. So a
byte is written before it is read, whatever the order of the lines.
"""

import os
from collections.abc import Callable
from typing import Any

import attrs

from dbt.linux.typed.decode import error_name
from dbt.spy.descriptors import Descriptors, Handle, Thing, ThingIds, absolute
from dbt.spy.events import Event
from dbt.spy.guest import Guest
from dbt.syscalls import DecodedArgument, DecodedCall

AT_FDCWD = -100
STANDARD = ("stdin", "stdout", "stderr")


@attrs.frozen
class Call:
    """A system call in words. ``result`` is None before it has returned; times in nanoseconds."""

    decoded: DecodedCall
    began: int
    ended: int = 0

    @property
    def name(self) -> str:
        return self.decoded.name

    def _argument(self, name: str) -> DecodedArgument | None:
        return next((a for a in self.decoded.arguments if a.name == name), None)

    def has(self, name: str) -> bool:
        """Whether the call has an argument of this name."""
        return self._argument(name) is not None

    def __getitem__(self, name: str) -> int:
        """An argument's value, unsigned; 0 for one that the call has not."""
        argument = self._argument(name)
        return argument.value if argument is not None else 0

    def fd(self, name: str = "fd") -> int:
        """A descriptor argument: signed."""
        return signed(self[name])

    def content(self, name: str) -> Any:
        """What an argument means or points at; None where that cannot be read."""
        argument = self._argument(name)
        return argument.content if argument is not None else None

    def string(self, name: str) -> str:
        """A path or another string; empty where there is none."""
        return os.fsdecode(self.content(name) or b"")

    def flags(self, name: str = "flags") -> list[str]:
        """The names of the bits of an argument."""
        argument = self._argument(name)
        return argument.text.split("|") if argument is not None else []

    @property
    def cloexec(self) -> bool:
        """Whether the call's flags ask for close-on-exec, however they call it."""
        flags = [*self.flags(), *self.flags("type")]
        return any(flag.endswith("_CLOEXEC") for flag in flags)

    @property
    def value(self) -> int:
        """The result, negative errno on failure."""
        assert self.decoded.result is not None
        return signed(self.decoded.result & 0xFFFFFFFF)

    @property
    def failed(self) -> bool:
        return -4096 < self.value < 0

    @property
    def error(self) -> dict[str, str]:
        """The field ``error`` of a call that failed, else nothing."""
        if not self.failed:
            return {}
        return {"error": error_name(self.value)}


Handler = Callable[["Tap", Call], None]
BEFORE: dict[str, Handler] = {}
AFTER: dict[str, Handler] = {}


def before(*names: str) -> Callable[[Handler], Handler]:
    """Register what is done when these calls begin."""
    return _register(BEFORE, names)


def after(*names: str) -> Callable[[Handler], Handler]:
    """Register what is done when these calls have returned."""
    return _register(AFTER, names)


def _register(table: dict[str, Handler], names: tuple[str, ...]) -> Callable[[Handler], Handler]:
    def register(handler: Handler) -> Handler:
        for name in names:
            if name in table:
                raise ValueError(f"two handlers for the system call {name}")
            table[name] = handler
        return handler

    return register


def signed(value: int) -> int:
    """A 32-bit value as a signed one; what is negative already stays."""
    return value - (1 << 32) if value >> 31 == 1 else value


class Tap:
    """Keeps what is known of the present process, and records what it does.

    ``limit``: how many bytes of each transfer are kept. A forked child continues with its own copy.
    """

    def __init__(self, guest: Guest, emit: Callable[[Event], None], limit: int = 4096) -> None:
        self.guest = guest
        self.limit = limit
        self.descriptors = Descriptors()
        self.cwd = guest.cwd()
        self.start = guest.now()
        self.executing: Call | None = None
        self.asked: tuple[str, list[str]] = ("", [])
        """Path and arguments of an execve that has not returned."""
        self._ids = ThingIds()
        self._emit = emit
        self._began = self.start
        for fd, name in enumerate(STANDARD):
            found = guest.behind(fd)
            if found is not None:
                self.descriptors.open(fd, self.thing("console", name, found.inode))

    # -- events in ---------------------------------------------------------------------------------

    def entering(self, name: str, registers: list[int]) -> None:
        """A system call begins."""
        self._began = self.guest.now()
        if self.executing is not None:
            self.executed()
        if name in BEFORE:
            BEFORE[name](self, Call(self.guest.decode(name, registers, None), self._began))

    def leaving(self, name: str, registers: list[int], result: int) -> None:
        """A system call has returned."""
        handler = AFTER.get(name)
        if handler is not None:
            decoded = self.guest.decode(name, registers, result)
            handler(self, Call(decoded, self._began, self.guest.now()))

    def executed(self) -> None:
        """An execve did not return and its process still runs: it has succeeded."""
        call, (path, argv) = self.executing, self.asked
        assert call is not None
        self.executing = None
        closed = self.descriptors.execute()
        self.tell("exec", call.began, syscall=call.name, path=path, argv=argv, closed=closed)

    # -- what handlers use -------------------------------------------------------------------------

    def tell(self, kind: str, time: int, **fields: Any) -> None:
        """Write an event. ``time`` as ``Guest.now`` gives it."""
        self._emit(Event(kind, time - self.start, self.guest.who(), fields))

    def thing(self, what: str, path: str = "", inode: int = 0) -> Thing:
        """A new thing."""
        return Thing(self._ids.next(self.guest.who().pid), what, path, inode)

    def known(self, fd: int) -> Handle | None:
        """The handle of an open descriptor. The system is asked about one whose opening was not
        seen."""
        handle = self.descriptors.get(fd)
        if handle is None:
            found = self.guest.behind(fd)
            if found is not None:
                handle = self.descriptors.open(fd, self.thing(found.what, "", found.inode))
        return handle

    def described(self, fd: int, handle: Handle | None) -> dict[str, Any]:
        """The fields that say what an event was about."""
        fields: dict[str, Any] = {"fd": fd}
        if handle is not None:
            thing = handle.thing
            fields |= {"object": thing.id, "what": thing.what}
            fields |= {"path": thing.path} if thing.path else {}
            fields |= {"end": handle.end} if handle.end else {}
        return fields

    def path(self, call: Call, name: str = "path", at: str = "at") -> str:
        """A path argument, absolute; that of the descriptor ``at`` when it is empty."""
        text = call.string(name)
        directory = self.cwd
        if call.has(at) and call.fd(at) != AT_FDCWD:
            handle = self.known(call.fd(at))
            directory = handle.thing.path if handle is not None else ""
            if not text:
                return directory
        return absolute(text, directory) if text else ""
