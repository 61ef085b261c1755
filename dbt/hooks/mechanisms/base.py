"""The interface of a mechanism, and of the process as mechanisms may use it."""

import abc
from collections.abc import Iterable

from dbt.hooks.follow.listeners import Listeners
from dbt.hooks.follow.stacks import Follower, OfThreads, StackFollower, Switched
from dbt.hooks.follow.tracker import Activation, Tracked, Tracker
from dbt.hooks.points import Handler, Remove
from dbt.hooks.points.conditions import Conditions
from dbt.interfaces import Pass
from dbt.runtime.chaining import ChainPolicy
from dbt.runtime.counters import Stacks
from dbt.runtime.engine import Engine
from dbt.runtime.functions import Functions
from dbt.typing import ClassVar, Protocol


class Machine(Tracked, Protocol):
    """The process as mechanisms see it. Each method that sets something returns what undoes it."""

    chain: ChainPolicy
    stacks: Stacks
    engine: Engine
    functions: Functions
    stacks_followed: StackFollower

    def stub(
        self, pc: int, handler: Handler, *, first: bool = False, when: Conditions = None
    ) -> Remove:
        """Have the block at ``pc`` enter the host, always or ``when`` one of these holds; only
        blocks that contain ``pc`` are translated again."""

    def watch(self, pc: int, handler: Handler, *, first: bool = False) -> Remove:
        """Have the dispatcher compare each pc with ``pc``, and chain nothing into it."""

    def probe(self, pc: int, handler: Handler, *, first: bool = False) -> Remove:
        """Have the block at ``pc`` enter the host when it begins; every block tests for it."""

    def breakpoint(self, location: int, handler: Handler, *, first: bool = False) -> Remove:
        """Write the breakpoint instruction of a location's mode there."""

    def helper(self, pc: int, handler: Handler, *, first: bool = False) -> Remove:
        """Have the block at ``pc`` call a native function when it begins to run."""

    def trampoline(self, handler: Handler) -> tuple[int, Remove]:
        """A location outside of guest memory whose execution enters the host."""

    def instrument(self, pass_: Pass, *, everything: bool = True, stubs: bool = False) -> Remove:
        """Run a pass on every block from now on, and with ``stubs`` on stubs, too. ``everything``:
        drop all translations, so that it runs on those too."""

    def follow_stacks(self, follower: Follower, switched: Switched | None = None) -> Remove:
        """Call ``follower`` when the guest goes to another stack (``switched`` before it), and when
        the pointer passes a frame. The first follower has everything translated again."""

    def per_thread(self, one: OfThreads) -> Remove:
        """Have something keep what it knows for each thread."""

    @property
    def has_threads(self) -> bool:
        """Whether the guest has, or has had, several threads."""

    def retranslate_all(self) -> None:
        """Drop all translations."""

    def begin_block(self, pc: int) -> Remove:
        """Have a block begin at ``pc``."""

    def table(self, size: int) -> tuple[int, memoryview]:
        """Zeroed bytes that translated code can always load, in guest memory where no program
        has any: address and content."""

    def retranslate(self, pcs: Iterable[int]) -> None:
        """Drop the translations that contain these pcs."""


class Mechanism(abc.ABC):
    """One way to notice that functions are entered and returned from.

    ``watch`` and ``unwatch`` name the functions; ``expect`` and ``done`` (called by the tracker)
    the activations whose return is wanted.
    """

    name: ClassVar[str]
    redirects: ClassVar[bool] = False
    """Whether it redirects computed exits; only one such mechanism can be used at a time."""

    def __init__(self, machine: Machine, tracker: Tracker) -> None:
        self.machine = machine
        self.tracker = tracker
        tracker.returns = self

    @abc.abstractmethod
    def watch(self, pc: int) -> None:
        """Notice when control arrives at ``pc``; ``conditions`` gives the arrivals that matter."""

    @abc.abstractmethod
    def unwatch(self, pc: int) -> None:
        """No longer notice it."""

    @abc.abstractmethod
    def expect(self, activation: Activation) -> None:
        """Notice when this activation returns."""

    @abc.abstractmethod
    def done(self, activation: Activation) -> None:
        """The activation is over."""

    @property
    def alive(self) -> int:
        """Number of live activations."""
        return self.tracker.alive

    def changed(self, listeners: Listeners) -> None:  # noqa: B027 (most do not care)
        """The hooks of a function have changed."""

    def give_way(self) -> None:  # noqa: B027 (most take nothing that others need)
        """A recording begins: give up following the stacks in translated code."""

    def idle(self) -> None:  # noqa: B027 (most have nothing to give up)
        """No function is watched any more: undo what was set for all of them together."""

    def close(self) -> None:  # noqa: B027 (most have nothing to give up)
        """Undo what was set when the mechanism was made. It is not used afterwards."""

    def conditions(self, pc: int) -> Conditions:
        """The conditions of which one must hold for an arrival at the function to matter."""
        return self.tracker.functions[pc].conditions()

    def location(self, pc: int) -> int:
        """The location of a watched function: its pc with the bits of its code's state."""
        return self.tracker.functions[pc].location

    def link(self) -> int:
        """The location that the link register holds."""
        return self.machine.state.get(self.machine.call_abi.link)

    def stack(self) -> int:
        """The stack pointer."""
        return self.machine.state.get(self.machine.call_abi.stack)
