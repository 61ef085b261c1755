"""Every way a run can end, and the guest faults that translated code can meet.

A ``Stop`` is what ``Process.run`` returns. Events between translated code and the engine, which
do not end a run, are in ``dbt/interfaces/events.py``.
"""

from dbt.classes import attrs
from dbt.enums import Enum
from dbt.typing import Any, TypeAlias


class Access(Enum):
    """What a guest access wanted to do."""

    READ = "read"
    WRITE = "write"
    EXECUTE = "execute"
    UNALIGNED = "unaligned access"
    """To read or write, at an address that had to be aligned and was not."""


class GuestFault(Exception):
    """A guest access that the page permissions forbid, or that had to be aligned; ``address`` is
    the first forbidden byte, or that of the unaligned access. ``pc`` and ``mode`` name the
    instruction whose fetch was refused, which may begin before that byte."""

    def __init__(self, address: int, access: Access) -> None:
        super().__init__(f"{access.value} of {address:#010x}")
        self.address = address
        self.access = access
        self.pc, self.mode = address, 0

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.address, self.access), dict(self.__dict__)


class UsageError(Exception):
    """Something the user must mend: printed as one line, exit status 2."""


class NoAddress(GuestFault, UsageError):
    """An access at what is no address of 32 bits: a guest's that goes past the end of its memory,
    or a mistake of the user's."""

    def __init__(self, given: int, access: Access) -> None:
        super().__init__(given & 0xFFFFFFFF, access)
        self.args = (f"an address is between 0x0 and 0xffffffff, not {given:#x}",)
        self._given = given

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._given, self.access), dict(self.__dict__)


class StopRequested(Exception):
    """Raise it in a hook to end the run: ``Process.run`` returns ``Requested``."""


class CallFailed(Exception):
    """A function that ``Process.call`` called did not return. ``stop`` says how the call ended:
    ``Killed`` by a signal (it faulted), ``Exited``, ``InsnLimit``, ``TimeLimit``, ``Trapped`` or
    ``Requested``. The registers are as before the call; memory is as the function has left it."""

    def __init__(self, function: str, stop: "Stop") -> None:
        super().__init__(f"{function} did not return: {stop}")
        self.function, self.stop = function, stop


class LimitNotKept(UsageError):
    """The host gives no thread that keeps a time limit."""


class InternalError(Exception):
    """A fault of armdbt itself, met while it served the guest; its cause is what was raised."""


def _html(stop: object) -> str:
    """What a notebook shows: how the run ended, and the report of a guest that was killed."""
    from dbt.markup import escaped, lines

    return f"<code>{escaped(repr(stop))}</code>{lines(getattr(stop, 'report', ''))}"


@attrs.frozen
class Exited:
    """The guest called exit or exit_group."""

    status: int
    _repr_html_ = _html


@attrs.frozen
class Killed:
    """A signal ended the guest.

    ``report`` is the ready-made text with reason, pc, symbol and registers, ``why`` the reason
    alone, if there is more to say than the signal's name. ``location`` is pc with the state that
    ``Frontend.key_of`` finds in it. A ``quiet`` end needs no message: the program wrote to a
    pipe that has no readers.
    """

    signal: int
    pc: int = attrs.field(repr=hex)
    report: str = attrs.field(default="", repr=False)
    why: str = attrs.field(default="", eq=False)
    location: int | None = attrs.field(default=None, eq=False, repr=False)
    quiet: bool = attrs.field(default=False, eq=False)
    _repr_html_ = _html


@attrs.frozen
class InsnLimit:
    """The instruction budget is used up; the state is at an exact instruction boundary."""

    pc: int = attrs.field(repr=hex)
    _repr_html_ = _html


@attrs.frozen
class TimeLimit:
    """The time-out has passed."""

    pc: int = attrs.field(repr=hex)
    _repr_html_ = _html


@attrs.frozen
class Trapped:
    """An instrumentation check (``trap_if``) stopped the guest. ``location`` as in ``Killed``."""

    reason: str
    pc: int = attrs.field(repr=hex)
    location: int | None = attrs.field(default=None, eq=False, repr=False)
    _repr_html_ = _html


@attrs.frozen
class Requested:
    """A hook asked to stop."""

    pc: int = attrs.field(repr=hex)
    reason: str = ""
    _repr_html_ = _html


@attrs.frozen
class Returned:
    """The function that ``Process.call`` called has returned."""

    pc: int = attrs.field(repr=hex)
    _repr_html_ = _html


Stop: TypeAlias = Exited | Killed | InsnLimit | TimeLimit | Trapped | Requested | Returned
