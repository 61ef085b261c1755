"""Ground truth: the event stream of a program, from nothing but its executed instructions.

The analysis looks at the address, the word and the registers of each instruction and applies the
definitions of ``dbt/hooks/records.py``. It shares no code with the hook mechanisms, and can see
what they cannot: every stack pointer, and the instruction that led to a function.

Where the definitions leave room:

- Stack pointers are compared within one stack. A stack is the range of addresses that the stack
  pointer has moved through by pushing, popping, adding and subtracting; when it is loaded with a
  value outside of all known ranges, a new stack begins. So coroutines and handlers on alternate
  stacks give up nothing when the higher stack goes on.
- A function entered with the site and the stack pointer of a live activation that is not the
  innermost of its stack ends those inside of it: control is back in its frame. If a call
  instruction led here it ends that one too, for the two could not be told apart.
- A function is *left* when the stack pointer is loaded with the value that it was entered with. It
  is alive as long as nothing is entered but in its place: old epilogues do so before they return.
  What is entered to return elsewhere shows that a longjmp led into the frame that had called it.
- An activation is no obstacle to its own beginning: a function whose return site is its own first
  instruction returns when control arrives there again.
- ``depth`` counts all live activations of the thread, whatever their stack; ``UNWOUND`` is told as
  soon as the stack pointer shows it.
"""

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
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
from dbt.linux.kernel import LinuxOptions
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
    """Every event about the functions at ``pcs`` (None: every function symbol of the program).

    The guest runs with our standard streams, and with ``env`` or no variables at all. ``timeout``
    is in seconds. Raises UsageError when the program cannot be loaded, or does not end in time: the
    first half of a truth is none.
    """
    lifter: Frontend = plugins.load("dbt.frontends", frontend)()
    analysis = Analysis(lifter, {}, syscalls=syscalls)

    def prepare(process: Process) -> None:
        known = functions_of(process)
        wanted = known if pcs is None else {analysis.reader.address_of(pc) for pc in pcs}
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
    """A live activation; ``tail``: it took the place of the one with the same site and pointer;
    ``left``: the stack pointer was loaded with ``pointer`` since."""

    function: int
    site: int
    pointer: int
    stack: StackRange
    depth: int
    tail: bool
    left: bool = False

    def stands_at(self, site: int, pointer: int, stack: StackRange) -> bool:
        """It is told from others by these."""
        return self.site == site and self.pointer == pointer and self.stack is stack


class Analysis:
    """Turns observations into records. ``functions`` names what is watched, by address."""

    def __init__(
        self, frontend: Frontend, functions: Mapping[int, str], *, syscalls: bool = True
    ) -> None:
        self.reader = frontend.instruction_reader()
        self._roles = Roles.of(frontend)
        self._sp = self._roles.stack
        self.functions = functions
        self.syscalls = syscalls
        self.records: list[Record] = []
        self._active: list[Activation] = []
        self._alive: Counter[tuple[int, int]] = Counter()  # by site and stack pointer
        self._calls: set[tuple[int, int]] = set()
        """Site and stack pointer of call instructions, until they have led to something watched or
        control is back: a veneer or a PLT stub may stand in between."""
        self._stacks = StackRanges(frontend)
        self._before: Step | None = None

    def observe(self, observation: Observation) -> None:
        """The next thing that happened."""
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
                if insns:  # execve: what was alive is not given up, but gone with its program
                    self.functions = {}
                    self._active.clear()
                    self._alive.clear()
                    self._calls.clear()

    def _step(self, step: Step) -> None:
        before, self._before = self._before, step
        self._stacks.follow(before, step)
        if before is not None and step.registers[self._sp] != before.registers[self._sp]:
            self._pass_frames(step)
        if before is not None and self._sets_stack(before, step):
            self._leave(step)
        self._calls.discard((step.pc, step.registers[self._sp]))
        if self._is_called(before, step):
            self._calls.add(
                (self.reader.address_of(step.registers[self._roles.link]), step.registers[self._sp])
            )
        if (step.pc, step.registers[self._sp]) in self._alive:
            self._arrive(step)
        if step.pc in self.functions:
            self._enter(before, step)

    def _pass_frames(self, step: Step) -> None:
        """Frames of this stack below its pointer are gone."""
        pointer, stack = step.registers[self._sp], self._stacks.current
        gone = []
        for activation in reversed(self._active):
            if activation.stack is stack:
                if activation.pointer >= pointer:
                    break  # those outside of it are higher still
                gone.append(activation)
        self._give_up(gone, step)

    def _leave(self, step: Step) -> None:
        """The stack pointer was loaded."""
        for activation in self._active:
            if activation.stack is self._stacks.current:
                activation.left |= activation.pointer == step.registers[self._sp]

    def _left_behind(self, site: int) -> list[Activation]:
        """The innermost activations of this stack that are left, and return elsewhere."""
        here = [a for a in reversed(self._active) if a.stack is self._stacks.current]
        return list(takewhile(lambda a: a.left and a.site != site, here))

    def _arrive(self, step: Step) -> None:
        """Control may be where an activation is to return to."""
        index = self._standing(step.pc, step)
        if index is None:
            return
        self._give_up(self._inside(index), step)
        while True:
            activation = self._active[index]
            self._remove(activation)
            self._tell(Kind.RETURN, activation, step, result=step.registers[self._roles.result])
            below = self._standing(step.pc, step)
            if not activation.tail or below is None:
                return
            index = below

    def _enter(self, before: Step | None, step: Step) -> None:
        """Control is at a watched function."""
        link, pointer = step.registers[self._roles.link], step.registers[self._sp]
        site, stack = self.reader.address_of(link), self._stacks.current
        caller = 0 if before is None or step.moved else before.pc
        tail, called = False, (site, pointer) in self._calls
        self._calls.discard((site, pointer))
        self._give_up(self._left_behind(site), step)
        index = self._standing(site, step)
        if index is not None:
            self._give_up(self._inside(index), step)
            tail = not called
            while not tail and index is not None:
                self._give_up([self._active[index]], step)
                index = self._standing(site, step)
        kind = Kind.TAIL_CALL if tail else Kind.CALL
        activation = Activation(step.pc, site, pointer, stack, len(self._active), tail)
        arguments = tuple(step.registers[index] for index in self._roles.arguments)
        self._tell(kind, activation, step, caller=caller, arguments=arguments)
        self._active.append(activation)
        self._alive[site, pointer] += 1

    def _is_called(self, before: Step | None, step: Step) -> bool:
        """The instruction before this one was a call: its successor is in the link register."""
        if before is None or step.moved:
            return False
        behind = before.pc + before.size
        if step.registers[self._roles.link] != behind:
            return False
        return self.reader.is_call(before.word) or step.pc != behind

    def _sets_stack(self, before: Step, step: Step) -> bool:
        """Whether ``before`` has written to the stack pointer what was not computed from it, even
        if it was the same. False for a conditional instruction that left it as it was."""
        reader, word = self.reader, before.word
        if step.moved:
            return False
        if step.registers[self._sp] == before.registers[self._sp]:
            return reader.always_sets_stack(word)
        return reader.loads_stack(word) or not reader.moves_stack(word)

    # -- activations -------------------------------------------------------------------------------

    def _standing(self, site: int, step: Step) -> int | None:
        """Index of the innermost activation that is to return to ``site`` with this pointer."""
        pointer, stack = step.registers[self._sp], self._stacks.current
        if (site, pointer) not in self._alive:
            return None
        for index in range(len(self._active) - 1, -1, -1):
            if self._active[index].stands_at(site, pointer, stack):
                return index
        return None

    def _inside(self, index: int) -> list[Activation]:
        """The activations of the same stack that began after this one, innermost first."""
        stack = self._active[index].stack
        return [a for a in reversed(self._active[index + 1 :]) if a.stack is stack]

    def _give_up(self, gone: list[Activation], step: Step) -> None:
        for activation in gone:
            self._remove(activation)
            self._tell(Kind.UNWOUND, activation, step)

    def _remove(self, activation: Activation) -> None:
        for index in range(len(self._active) - 1, -1, -1):
            if self._active[index] is activation:
                del self._active[index]
                break
        key = activation.site, activation.pointer
        self._alive[key] -= 1
        if not self._alive[key]:
            del self._alive[key]

    # -- telling -----------------------------------------------------------------------------------

    def _tell(
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
