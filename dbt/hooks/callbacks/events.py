"""The events that hook functions receive: the present state of the guest, which they may change."""

import attrs

from dbt import choices
from dbt.interfaces import CallAbi, Memory, State
from dbt.stops import UsageError
from dbt.syscalls import Decode, DecodedCall
from dbt.typing import TYPE_CHECKING, NoReturn, Protocol

_UNKNOWN = "is not known: its hooks were set with depth=False, so nobody waits for its return"


def _hex(number: int | None) -> str:
    """A word as a ``repr`` shows it."""
    return "None" if number is None else f"{number:#x}"


class Guest(Protocol):
    """What events need of a process."""

    call_abi: CallAbi

    @property
    def state(self) -> State: ...
    @property
    def memory(self) -> Memory: ...
    def code(self, where: int | str) -> int:
        """The location of code, by symbol or address. Raises UsageError."""

    def name(self, pc: int) -> str:
        """``name+0x14``, or the address as text."""

    def caller(self, location: int, pc: int) -> int:
        """Address of the call instruction that led to ``pc``, to return to ``location``, or 0."""


class _Named:
    """Says of a misspelled attribute which one may have been meant."""

    __slots__ = ()

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> NoReturn:
            raise choices.no_attribute(self, name)


@attrs.define
class _OnGuest(_Named):
    """The present state of the guest."""

    _guest: Guest = attrs.field(repr=False, eq=False)

    @property
    def state(self) -> State:
        """Guest registers and flags."""
        return self._guest.state

    @property
    def memory(self) -> Memory:
        """Guest memory."""
        return self._guest.memory

    @property
    def abi(self) -> CallAbi:
        """Which registers calls use for what."""
        return self._guest.call_abi


@attrs.define
class CallEvent(_OnGuest):
    """A function is about to run its first instruction.

    ``pc`` is the function's address, ``symbol`` its name, or the address as text; ``return_to`` is
    the location that it returns to; ``insns`` counts the guest instructions completed so far;
    ``thread`` is the guest's thread id.
    """

    pc: int = attrs.field(repr=_hex)
    symbol: str
    return_to: int = attrs.field(repr=_hex)
    insns: int
    thread: int
    _depth: int | None = attrs.field(repr=False)
    _tail: bool | None = attrs.field(repr=False)
    _caller: int | None = attrs.field(repr=False)
    go_to: int | None = attrs.field(default=None, repr=_hex)
    """The location where the guest continues instead of the function, set by ``skip`` and
    ``redirect``; None for the function itself."""

    @property
    def depth(self) -> int:
        """How many watched activations are alive below this one. Raises UsageError when all hooks
        of the function were set with ``depth=False``."""
        if self._depth is None:
            raise UsageError(f"depth of {self.symbol} {_UNKNOWN}")
        return self._depth

    @property
    def tail(self) -> bool:
        """Whether it takes the place of the watched function that jumped here. Raises as ``depth``
        does."""
        if self._tail is None:
            raise UsageError(f"tail of {self.symbol} {_UNKNOWN}")
        return self._tail

    @property
    def caller(self) -> int:
        """Address of the call instruction that led straight here, or 0. It is found when this is
        asked for first, or an argument is set: a hook that changes the registers or the memory
        that the instruction takes its target from asks before."""
        if self._caller is None:
            self._caller = self._guest.caller(self.return_to, self.pc)
        return self._caller

    def argument(self, index: int) -> int:
        """Argument word ``index``: in the argument registers first, then on the stack."""
        registers = self.abi.arguments
        index = choices.whole("an argument's index", index, most=choices.WORD)
        if index < len(registers):
            return self.state.get(registers[index])
        return self.memory.load(self._stacked(index), 4)

    def set_argument(self, index: int, value: int) -> None:
        """Change argument word ``index``. Raises GuestFault for a stack that cannot be written,
        UsageError for a value that is no word."""
        registers = self.abi.arguments
        index = choices.whole("an argument's index", index, most=choices.WORD)
        value = choices.guest_word("an argument", value)
        _ = self.caller
        if index < len(registers):
            self.state.set(registers[index], value)
        else:
            self.memory.store(self._stacked(index), 4, value)

    def _stacked(self, index: int) -> int:
        return self.state.get(self.abi.stack) + 4 * (index - len(self.abi.arguments))

    def skip(self, result: int | None = None) -> None:
        """Do not run the function: go back to its caller, with ``result`` if one is given.
        Raises UsageError for a result that is no word."""
        if result is not None:
            _ = self.caller
            self.state.set(self.abi.result, choices.guest_word("a result", result))
        self.go_to = self.state.get(self.abi.link)

    def redirect(self, where: int | str) -> None:
        """Run another function instead, with the same arguments; it returns to the caller.

        Raises UsageError for an unknown symbol, and where there is no code.
        """
        self.go_to = self._guest.code(where)


@attrs.define
class ReturnEvent(_OnGuest):
    """A hooked function has returned to the location its caller gave it, ``returned_to``.

    ``pc`` is the function's address, ``symbol`` its name, or the address as text; ``depth`` is how
    many watched activations are alive below it. ``insns`` and ``thread`` as in ``CallEvent``.
    """

    pc: int = attrs.field(repr=_hex)
    symbol: str
    returned_to: int = attrs.field(repr=_hex)
    depth: int
    insns: int
    thread: int

    @property
    def result(self) -> int:
        """The result word; may be set. Raises UsageError for what is no word."""
        return self.state.get(self.abi.result)

    @result.setter
    def result(self, value: int) -> None:
        self.state.set(self.abi.result, choices.guest_word("a result", value))


@attrs.define
class SyscallEvent(_Named):
    """A system call. ``result`` is None on entry; a hook may set it there to skip the call.

    ``arguments`` may be changed on entry. On return hooks see the result (negative errno on
    failure) and may change it. To make a call fail, set ``-errno.EIO``: ``errno.EIO`` is a success
    that returns 5. ``number`` is the kernel's number, ``site`` the location that follows the trap.
    ``insns`` and ``thread`` as in ``CallEvent``.
    """

    name: str
    arguments: list[int]
    state: State = attrs.field(repr=False)
    memory: Memory = attrs.field(repr=False)
    _decode: Decode = attrs.field(repr=False)
    result: int | None = None
    number: int = 0
    site: int = attrs.field(default=0, repr=_hex)
    insns: int = 0
    thread: int = 0

    def check(self) -> None:
        """Make what hooks have set ints of one word. Raises UsageError for what cannot be one, and
        undoes it."""
        given, self.result = self.result, None
        if given is not None:
            self.result = choices.whole("a result", given, least=-(1 << 31), most=choices.WORD)
        for index, value in enumerate(self.arguments):
            self.arguments[index] = 0
            self.arguments[index] = choices.guest_word("an argument", value)

    @property
    def decoded(self) -> DecodedCall:
        """The call in words, decoded at each access from arguments, result and memory as they are.

        ``event.decoded["path"].content`` is what an argument means, by its name in the typed table.
        What the call writes is there once it has a result. To be used only while the hook runs.
        """
        return self._decode(self.name, self.arguments, self.result)


@attrs.define
class MemoryEvent(_OnGuest):
    """An instruction has accessed memory. Memory is as it leaves it, registers are as it has found
    them.

    ``kind`` is ``"read"`` or ``"write"``; ``address`` is that of the first byte of ``size`` bytes,
    1, 2, 4 or 8; ``value`` is what was read or written, little-endian, and ``before`` what was
    there before a write. ``pc`` is the instruction. ``insns`` and ``thread`` as in ``CallEvent``.
    """

    kind: str
    pc: int = attrs.field(repr=_hex)
    address: int = attrs.field(repr=_hex)
    size: int
    value: int = attrs.field(repr=_hex)
    before: int | None = attrs.field(repr=_hex)
    insns: int
    thread: int

    @property
    def symbol(self) -> str:
        """The function of the instruction, with the offset in it."""
        return self._guest.name(self.pc)


@attrs.define
class BlockEvent(_OnGuest):
    """A block of ``size`` bytes, as armdbt translates the code, is about to run its first
    instruction, at ``pc``. ``insns`` and ``thread`` as in ``CallEvent``."""

    pc: int = attrs.field(repr=_hex)
    size: int
    insns: int
    thread: int

    @property
    def symbol(self) -> str:
        """The function of the instruction, with the offset in it."""
        return self._guest.name(self.pc)


@attrs.define
class InstructionEvent(BlockEvent):
    """An instruction of ``size`` bytes is about to run; if its own condition does not hold, it will
    do nothing."""


@attrs.define
class LoadEvent(_OnGuest):
    """A library, or a program, is in memory. ``path`` is the host's; ``start`` its lowest address
    and ``end`` past its highest one."""

    path: str
    start: int = attrs.field(repr=_hex)
    end: int = attrs.field(repr=_hex)

    @property
    def library(self) -> str:
        """The name of its file."""
        return self.path.rpartition("/")[2]
