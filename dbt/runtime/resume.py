"""How a run of the engine ends, and where the next one continues."""

from dbt.classes import attrs
from dbt.interfaces import Event, HookHit, SyscallHit
from dbt.ir.block import BlockKey
from dbt.stops import Stop
from dbt.typing import Any, TypeAlias


@attrs.frozen
class Slice:
    """The engine pauses before ``key`` so that its caller can look for signals and time-outs."""

    key: BlockKey


@attrs.frozen
class LimitReached:
    """The limit of instructions is reached exactly; ``key`` would be next."""

    key: BlockKey


@attrs.frozen
class TurnOver:
    """The turn of the guest's thread has ended exactly; ``key`` would be next in it."""

    key: BlockKey


@attrs.frozen
class Called:
    """A system call was made, and the engine pauses: ``after`` is the key that would be next, or
    how the run ends."""

    after: BlockKey | Stop


Ended: TypeAlias = Event | Slice | LimitReached | TurnOver | Called
"""What ``Engine.run`` returns."""
Served: TypeAlias = HookHit | SyscallHit
"""What ``Engine.serve`` serves."""
Moment: TypeAlias = tuple[int, int]
"""A pc, and the guest instructions completed when control arrived there."""


@attrs.frozen
class Amid:
    """``key`` is behind an instruction that was executed by itself, in the midst of a block that
    reaches up to ``end``."""

    key: BlockKey
    end: int


@attrs.frozen
class OfThread:
    """What the record has of a thread that does not run: the fields of the same names, as
    ``Resume`` explains them. ``at``: the instructions completed when it was left; ``key``: where
    the thread continues, if no location can say that."""

    at: int = 0
    key: BlockKey | None = None
    amid: Amid | None = None
    watch: BlockKey | None = None
    breakpoint: Moment | None = None
    helper: Moment | None = None


@attrs.define
class Resume:
    """Where a stopped run continues, and what it must not do a second time when it does.

    A process has one record, and the event loop owns it. The engine and the hook machine hold the
    same record: what they have done for an instruction that is not executed yet is written here and
    nowhere else.
    """

    key: BlockKey
    """The block that would be next."""
    event: Ended | None = None
    """The event that ``Engine.run`` did not return, because it raised what a function had raised
    that the guest's code invoked. The next run returns it at once, whatever key it is given."""
    call: SyscallHit | None = None
    """A system call that is being made. Between runs: one that is to be made before anything else,
    because a hook raised when it was entered."""
    call_as_hooked: tuple[list[int], int | None] | None = None
    """The arguments that the entry hooks gave that call, and its result if they skip it: they have
    run, and do not run again."""
    ended: Stop | None = None
    """How the run has ended, when it could not say so because it raised what a hook had raised."""
    raised: BaseException | None = None
    """What the last run raised because a function of the user's did. Such a run can be continued:
    the guest's state is whole."""
    look: bool = False
    """The environment has to look for signals before the block at ``key`` is entered."""
    amid: Amid | None = None
    """Where the instructions that were executed one by one have ended, if in the midst of a block:
    passes that count blocks have counted it."""
    watch: BlockKey | None = None
    """A watched key that was reported as a WatchHit and has not been entered since: it is not
    reported again."""
    breakpoint: Moment | None = None
    """The breakpoint of ours whose handlers ran last: at the same moment they do not run again."""
    helper: Moment | None = None
    """The same of the points that translated code itself calls (mechanism ``helper``)."""

    def save(self) -> tuple[Any, ...]:
        """What the record has, for ``restore``. Between runs."""
        call = self.call_as_hooked
        hooked = None if call is None else (list(call[0]), call[1])
        return (
            self.key, self.event, self.call, hooked, self.ended, self.look, self.amid, self.watch,
            self.breakpoint, self.helper,
        )  # fmt: skip

    def restore(self, saved: tuple[Any, ...]) -> None:
        """Give it what it had when ``save`` returned this."""
        (
            self.key, self.event, self.call, call, self.ended, self.look, self.amid, self.watch,
            self.breakpoint, self.helper,
        ) = saved  # fmt: skip
        self.call_as_hooked = None if call is None else (list(call[0]), call[1])
        self.raised = None

    def begin(self, key: BlockKey) -> None:
        """Continue at a key, as if nothing had been done there before."""
        self.key = key
        self.event = self.call = self.call_as_hooked = self.ended = self.raised = None
        self.amid = self.watch = self.breakpoint = self.helper = None
        self.look = False

    def of_thread(self, now: int, key: BlockKey | None) -> OfThread:
        """What is of the thread that has run. ``now``: the instructions completed."""
        return OfThread(now, key, self.amid, self.watch, self.breakpoint, self.helper)

    def enter_thread(self, mine: OfThread, now: int) -> None:
        """Take over what is of the thread that is to run."""
        self.amid, self.watch = mine.amid, mine.watch
        self.breakpoint = _at(mine.breakpoint, mine.at, now)
        self.helper = _at(mine.helper, mine.at, now)


def _at(moment: Moment | None, left: int, now: int) -> Moment | None:
    """A moment, if it was when a thread was left, as it is now that the thread continues."""
    return None if moment is None or moment[1] != left else (moment[0], now)
