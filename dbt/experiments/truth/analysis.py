"""Computes the true events of a program from its executed instructions.

The analysis reads the address, the bytes and the registers of each instruction and applies the
definitions of ``dbt/hooks/records.py``. It is independent of what it judges: it shares no code with
the hook mechanisms and their tracker, and what an instruction does to calls and to the stack
pointer comes from the frontend's ``InstructionReader``, which shares no code with decoding and
lifting (import contracts check both). It sees what mechanisms cannot see: the stack pointer at
every instruction, and the instruction that led to a function.

The definitions leave some cases open. Here:

- Stack pointers are compared within one stack (``stack_ranges.py``). When a coroutine or a handler
  on an alternate stack runs, and its stack lies higher, no activation of the other stack ends.
- A function may be entered with the site and the stack pointer of a live activation that is not
  the innermost of its stack. Control is back in the frame of that activation, so those inside of
  it end. If a call instruction led here, that activation ends, too, because the two would be equal.
- A function is *left* when the stack pointer is loaded with the value that it was entered with.
  Old epilogues do that before they return, so the function stays alive until another one is
  entered that will return elsewhere. That shows that a longjmp led into the frame of its caller.
- A function whose return site is its own first instruction returns when control arrives there
  again.
- ``depth`` counts all live activations of the thread, on whatever stack. An ``UNWOUND`` comes as
  soon as the stack pointer shows it.
"""

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import takewhile

import attrs

from dbt import plugins
from dbt.experiments.harness.functions import functions_of
from dbt.experiments.truth.stack_ranges import StackRange, StackRanges
from dbt.experiments.truth.trace import (
    Observation,
    Roles,
    Start,
    Step,
    SystemCall,
    SystemCallReturn,
    trace,
)
from dbt.hooks.records import Kind, Record
from dbt.interfaces import Frontend
from dbt.linux.options import LinuxOptions
from dbt.process import Process
from dbt.stops import TimeLimit, UsageError


def truth(
    program: str,
    args: Sequence[str] = (),
    pcs: Iterable[int] | None = None,
    *,
    env: Mapping[str, str] | None = None,
    linux: LinuxOptions | None = None,
    frontend: str = "arm",
    syscalls: bool = True,
    timeout: float | None = None,
) -> list[Record]:
    """All events of the functions at ``pcs`` (None: of every function symbol of the program).

    The guest runs with our standard streams, and with the variables ``env``, none by default.
    ``timeout`` is in seconds. Raises UsageError when the program cannot be loaded or does not end
    in time.
    """
    lifter: Frontend = plugins.load("dbt.frontends", frontend)()
    analysis = Analysis(lifter, {}, syscalls=syscalls)

    def prepare(process: Process) -> None:
        known = functions_of(process)
        wanted = known if pcs is None else set(map(analysis.address_of, pcs))
        analysis.functions = {pc: known.get(pc, f"{pc:#x}") for pc in wanted}

    stop = trace(
        program,
        args,
        sink=analysis.observe,
        prepare=prepare,
        env=env,
        linux=linux,
        frontend=frontend,
        timeout=timeout,
    )
    if isinstance(stop, TimeLimit):
        raise UsageError(
            f"{program}: no ground truth, the program did not end within {timeout:g} s"
        )
    return analysis.records


# -- The analysis ----------------------------------------------------------------------------------


@attrs.define(eq=False)
class Activation:
    """A live activation. ``tail``: a tail call, which took the place of the one with the same site
    and pointer. ``left``: the stack pointer was loaded with ``pointer`` since."""

    function: int
    site: int
    pointer: int
    stack: StackRange
    depth: int
    tail: bool
    left: bool = False

    def returns_to(self, site: int, pointer: int, stack: StackRange) -> bool:
        """Whether control at ``site`` with this stack pointer is its return."""
        return self.site == site and self.pointer == pointer and self.stack is stack


class Analysis:
    """Turns the observations of a trace into ``records``. ``functions`` maps the address of each
    watched function to its name."""

    def __init__(
        self, frontend: Frontend, functions: Mapping[int, str], *, syscalls: bool = True
    ) -> None:
        self._reader = cache(frontend.instruction_reader)
        self._state_bits = frontend.layout.state_bits
        self._roles = Roles.of(frontend)
        self._sp, self._link = self._roles.stack, self._roles.link
        self.functions = functions
        self.syscalls = syscalls
        self.records: list[Record] = []
        self._active: list[Activation] = []
        self._alive: Counter[tuple[int, int]] = Counter()  # by site and stack pointer
        self._calls: set[tuple[int, int]] = set()
        """Site and stack pointer of call instructions. Each stays until a watched function is
        entered by it or control is back; veneers and PLT stubs may be executed in between."""
        self._stacks = StackRanges(frontend)
        self._before: Step | None = None

    def address_of(self, location: int) -> int:
        """The address in a location, without the bits that are state."""
        return location & ~self._state_bits

    def observe(self, observation: Observation) -> None:
        """Take the next observation."""
        match observation:
            case Step():
                self._step(observation)
            case SystemCall(number=number) if self.syscalls:
                self._system_call(Kind.SYSCALL, number, observation, observation.insns, None)
            case SystemCallReturn(call=call, result=result) if self.syscalls:
                number, insns = call.number, observation.insns
                self._system_call(Kind.SYSCALL_RETURN, number, call, insns, result)
            case Start(insns=insns):
                self._before = None
                if insns:  # execve: live activations vanish with their program, without records
                    self.functions = {}
                    self._active.clear()
                    self._alive.clear()
                    self._calls.clear()

    def _step(self, step: Step) -> None:
        before, self._before = self._before, step
        self._stacks.follow(before, step)
        pointer = step.registers[self._sp]
        here = step.pc, pointer
        if before is not None:
            if pointer != before.registers[self._sp]:
                self._pass_frames(step)
            if self._sets_stack(before, step):
                self._leave(step)
        self._calls.discard(here)
        if before is not None and self._is_called(before, step):
            self._calls.add((self.address_of(step.registers[self._link]), pointer))
        if here in self._alive:
            self._arrive(step)
        if step.pc in self.functions:
            self._enter(before, step)

    def _pass_frames(self, step: Step) -> None:
        """The stack pointer has changed: end the activations whose frames are below it."""
        pointer, stack = step.registers[self._sp], self._stacks.current
        gone = []
        for activation in reversed(self._active):
            if activation.stack is stack:
                if activation.pointer >= pointer:
                    break  # those outside of it are higher still
                gone.append(activation)
        self._unwind(gone, step)

    def _leave(self, step: Step) -> None:
        """The stack pointer was loaded: mark the activations that are left."""
        for activation in self._active:
            if activation.stack is self._stacks.current:
                activation.left |= activation.pointer == step.registers[self._sp]

    def _left_behind(self, site: int) -> list[Activation]:
        """The innermost activations of this stack that are left and return to another site."""
        here = [a for a in reversed(self._active) if a.stack is self._stacks.current]
        return list(takewhile(lambda a: a.left and a.site != site, here))

    def _arrive(self, step: Step) -> None:
        """Record the return of the activations that return here, if any."""
        index = self._returning(step.pc, step)
        if index is None:
            return
        self._unwind(self._inside(index), step)
        while True:
            activation = self._active[index]
            self._remove(activation)
            self._record(Kind.RETURN, activation, step, result=step.registers[self._roles.result])
            below = self._returning(step.pc, step)
            if not activation.tail or below is None:
                return
            index = below

    def _enter(self, before: Step | None, step: Step) -> None:
        """Record that a watched function is entered."""
        link, pointer = step.registers[self._link], step.registers[self._sp]
        site, stack = self.address_of(link), self._stacks.current
        caller = 0 if before is None or step.moved else before.pc
        tail, called = False, (site, pointer) in self._calls
        self._calls.discard((site, pointer))
        self._unwind(self._left_behind(site), step)
        index = self._returning(site, step)
        if index is not None:
            self._unwind(self._inside(index), step)
            tail = not called
            while not tail and index is not None:
                self._unwind([self._active[index]], step)
                index = self._returning(site, step)
        kind = Kind.TAIL_CALL if tail else Kind.CALL
        activation = Activation(step.pc, site, pointer, stack, len(self._active), tail)
        arguments = tuple(step.registers[index] for index in self._roles.arguments)
        self._record(kind, activation, step, caller=caller, arguments=arguments)
        self._active.append(activation)
        self._alive[site, pointer] += 1

    def _is_called(self, before: Step, step: Step) -> bool:
        """Whether ``before`` was a call: the link register holds the address behind it."""
        behind = before.pc + before.size
        if self.address_of(step.registers[self._link]) != behind or step.moved:
            return False
        return self._reader(before.mode).is_call(before.word) or step.pc != behind

    def _sets_stack(self, before: Step, step: Step) -> bool:
        """Whether ``before`` has written a value to the stack pointer that was not computed from
        it, even the same value. False for a conditional instruction that did not change it."""
        reader, word = self._reader(before.mode), before.word
        if step.moved:
            return False
        if step.registers[self._sp] == before.registers[self._sp]:
            return reader.always_sets_stack(word)
        return reader.loads_stack(word) or not reader.moves_stack(word)

    # -- activations -------------------------------------------------------------------------------

    def _returning(self, site: int, step: Step) -> int | None:
        """The index of the innermost activation that returns to ``site`` with the step's stack
        pointer."""
        pointer, stack = step.registers[self._sp], self._stacks.current
        if (site, pointer) not in self._alive:
            return None
        for index in range(len(self._active) - 1, -1, -1):
            if self._active[index].returns_to(site, pointer, stack):
                return index
        return None

    def _inside(self, index: int) -> list[Activation]:
        """The activations of the same stack that began after this one, innermost first."""
        stack = self._active[index].stack
        return [a for a in reversed(self._active[index + 1 :]) if a.stack is stack]

    def _unwind(self, gone: list[Activation], step: Step) -> None:
        """End activations that do not return."""
        for activation in gone:
            self._remove(activation)
            self._record(Kind.UNWOUND, activation, step)

    def _remove(self, activation: Activation) -> None:
        for index in range(len(self._active) - 1, -1, -1):
            if self._active[index] is activation:
                del self._active[index]
                break
        key = activation.site, activation.pointer
        self._alive[key] -= 1
        if not self._alive[key]:
            del self._alive[key]

    # -- records -----------------------------------------------------------------------------------

    def _record(
        self,
        kind: Kind,
        activation: Activation,
        step: Step,
        *,
        caller: int = 0,
        arguments: tuple[int, ...] = (),
        result: int | None = None,
    ) -> None:
        self.records.append(
            Record(
                kind,
                activation.function,
                self.functions[activation.function],
                activation.site,
                activation.pointer,
                activation.depth,
                step.insns,
                caller=caller,
                thread=os.getpid(),
                arguments=arguments,
                result=result,
                stack_id=activation.stack.stack_id,
            )
        )

    def _system_call(
        self, kind: Kind, number: int, call: SystemCall, insns: int, result: int | None
    ) -> None:
        self.records.append(
            Record(
                kind,
                number,
                call.name,
                call.site,
                call.stack,
                len(self._active),
                insns,
                thread=os.getpid(),
                arguments=call.arguments,
                result=result,
                stack_id=self._stacks.current.stack_id,
            )
        )
