"""Calls of guest functions by the host, by the guest's procedure call standard.

A function is entered with a link register that leads to the host (a trampoline), on the stack of
the thread that would run next. Buffers lie on that stack, below what is there; large ones are
mapped for as long as the call takes.
"""

from collections.abc import Callable, Iterable, Sequence

from dbt import choices
from dbt.classes import attrs
from dbt.environment import Environment
from dbt.interfaces import EXEC, PAGE, PC_SLOT, Frontend, Home, Placement
from dbt.process.undeclared import UNSIGNED
from dbt.process.values import WORD, Kind, Value, buffer_of, kind_of, kind_of_value, word_of
from dbt.process.wiring import Parts
from dbt.runtime.memory import GuestMemory
from dbt.runtime.state import GuestState
from dbt.stops import CallFailed, GuestFault, Returned, Stop, UsageError
from dbt.typing import Any

_MOST_PLANS = 1024
Drive = Callable[[], Stop]
"""Runs the guest to the next stop, with the limits of the call."""
ON_STACK = 64 << 10
"""Bytes of buffers that still lie on the guest's stack."""


@attrs.frozen(eq=False)
class Plan:
    """How a function is called: where it is, the kinds of its arguments and result, their homes."""

    name: str
    location: int
    kinds: tuple[Kind, ...]
    result: Kind | None
    placement: Placement
    words: tuple[int, ...] | None
    """If each argument has one register, their indices among the words of the state."""


@attrs.define(eq=False)
class Buffers:
    """The buffers of one call: their contents, where they lie, and what is mapped for them."""

    top: int
    at: list[tuple[int, Value]] = attrs.field(factory=list)
    mapped: list[tuple[int, int]] = attrs.field(factory=list)


class Caller:
    """Calls the functions of one process."""

    def __init__(
        self,
        frontend: Frontend,
        parts: Parts,
        environment: Environment,
        state: GuestState,
        memory: GuestMemory,
    ) -> None:
        self._frontend, self._environment = frontend, environment
        self._calling, abi = frontend.calling, frontend.call_abi
        self._loop, self._hooks, self._resume = parts.loop, parts.hooks, parts.engine.resume
        self._state, self._memory = state, memory
        self._words = state.words
        self._stack, self._link = state.word(abi.stack), state.word(abi.link)
        self._pc = state.word(PC_SLOT)
        self._code = parts.machine.code
        self._return_to, _ = parts.machine.trampoline(_nowhere)
        self._returns_at = frontend.key_of(self._return_to).pc
        self._plans: dict[Any, Plan] = {}
        self._program: object = None
        """The program that the plans are for."""
        self.lost = ""
        """Why registers are not as before the last call; empty if they are."""

    # -- plans -------------------------------------------------------------------------------------

    def plan(
        self, where: int | str, values: Sequence[Value], types: Iterable[Any] | None, restype: Any
    ) -> Plan:
        """How the function at a symbol or address is called with these values. Raises
        UsageError."""
        if types is None:
            kinds = tuple([WORD if type(v) is int else kind_of_value(v) for v in values])
        else:
            if not isinstance(types, Iterable):
                raise UsageError(f"argtypes are classes of ctypes, not {choices.shown(types)}")
            kinds = tuple([kind_of(type_) for type_ in types])
            if len(kinds) != len(values):
                raise UsageError(
                    f"{where} has {len(kinds)} arguments by its argtypes, not {len(values)}"
                )
        if restype is UNSIGNED:
            result: Kind | None = WORD
        else:
            result = None if restype is None else kind_of(restype)
        if self._environment.program is not self._program or len(self._plans) >= _MOST_PLANS:
            self._program = self._environment.program
            self._plans.clear()
        if not isinstance(where, int | str):
            self._code(where)  # refuses it
        key = where, kinds, result
        found = self._plans.get(key)
        if found is None or not self._memory.perms[found.location // PAGE] & EXEC:
            found = self._plans[key] = self._made(where, kinds, result)
        return found

    def _made(self, where: int | str, kinds: tuple[Kind, ...], result: Kind | None) -> Plan:
        scalar = None if result is None else result.scalar
        placement = self._calling.place(
            [kind.scalar for kind in kinds], scalar, self._environment.program_flags
        )
        words: list[int] = []
        for kind, homes in zip(kinds, placement.arguments, strict=True):
            if kind.scalar.floating or len(homes) != 1 or not isinstance(homes[0], str):
                return Plan(str(where), self._code(where), kinds, result, placement, None)
            words.append(self._state.word(homes[0]))
        return Plan(str(where), self._code(where), kinds, result, placement, tuple(words))

    # -- calls -------------------------------------------------------------------------------------

    def call(self, drive: Drive, plan: Plan, values: Sequence[Value]) -> Any:
        """Call a function and return its result. Registers are as before afterwards. Raises
        CallFailed when it does not return, UsageError for arguments that make no sense, and what a
        hook has raised."""
        saved, continues = self._state.save(), self._loop.save()
        activations = self._hooks.save_calls()
        thread, self.lost = self._environment.thread, ""
        sleep = self._environment.interrupt_sleep()
        alignment = self._calling.stack_alignment
        buffers = Buffers(self._words[self._stack] & -alignment)
        try:
            numbers = [
                value & 0xFFFFFFFF
                if type(value) is int and -0x80000000 <= value <= 0xFFFFFFFF and kind.is_word
                else self._number(kind, value, buffers)
                for kind, value in zip(plan.kinds, values, strict=True)
            ]
            self._enter(plan, numbers, buffers)
            stop = self._run(drive)
            if not isinstance(stop, Returned):
                raise CallFailed(plan.name, stop)
            self._copy_back(buffers)
            return None if plan.result is None else self._result(plan)
        except BaseException:
            self._hooks.restore_calls(activations)
            raise
        finally:
            if self._environment.program is not self._program:
                self.lost = "a call has replaced the program (execve)"
            elif self._environment.thread == thread:
                self._state.load(saved)
                self._loop.restore(continues)
                self._environment.continue_sleep(sleep)
            else:
                self.lost = "a call has ended while another thread of the program ran"
            if self._environment.program is self._program:
                for address, size in buffers.mapped:
                    self._environment.release(address, size)

    def _run(self, drive: Drive) -> Stop:
        self._loop.returns_at = self._returns_at
        try:
            return drive()
        finally:
            self._loop.returns_at = -1

    def _enter(self, plan: Plan, numbers: Sequence[int], buffers: Buffers) -> None:
        words = self._words
        stack = buffers.top - plan.placement.stack
        self._calling.enter(self._state)
        if plan.words is not None:
            for index, number in zip(plan.words, numbers, strict=True):
                words[index] = number
        else:
            try:
                for homes, number in zip(plan.placement.arguments, numbers, strict=True):
                    self._place(homes, number, stack)
            except GuestFault:
                raise _no_room(buffers, plan.placement.stack) from None
        words[self._stack] = stack
        words[self._link] = self._return_to
        key = self._frontend.key_of(plan.location)
        words[self._pc] = key.pc
        self._resume.begin(key)

    def _place(self, homes: tuple[Home, ...], number: int, stack: int) -> None:
        for home in homes:
            if isinstance(home, str):
                self._state.set(home, number)
            else:
                self._memory.write(stack + home, (number & 0xFFFFFFFF).to_bytes(4, "little"))
            number >>= 32

    def _result(self, plan: Plan) -> Any:
        assert plan.result is not None
        number = 0
        for index, slot in enumerate(plan.placement.result):
            number |= self._state.get(slot) << 32 * index
        return plan.result.value(number)

    # -- buffers -----------------------------------------------------------------------------------

    def _number(self, kind: Kind, value: Value, buffers: Buffers) -> int:
        content = buffer_of(value) if kind.is_pointer else None
        if content is None:
            return word_of(kind, value)
        address = self._room(len(content), buffers)
        try:
            self._memory.write(address, content)
        except GuestFault:
            raise _no_room(buffers, len(content)) from None
        buffers.at.append((address, value))
        return address

    def _room(self, size: int, buffers: Buffers) -> int:
        if size > ON_STACK:
            address = self._environment.allocate(size)
            buffers.mapped.append((address, size))
            return address
        buffers.top = buffers.top - size & -self._calling.stack_alignment
        return buffers.top

    def _copy_back(self, buffers: Buffers) -> None:
        for address, value in buffers.at:
            if isinstance(value, bytearray):
                value[:] = self._memory.read(address, len(value))


def _no_room(buffers: Buffers, size: int) -> UsageError:
    top = buffers.top & 0xFFFFFFFF
    return UsageError(f"the stack at {top:#x} has no room for {size:,} bytes")


def _nowhere() -> None:
    """The trampoline's handler: the event loop takes its events, and the guest that comes here by
    itself stays."""
