"""The hook API: runs functions of the user's when the guest calls, returns or enters the kernel.

Each hook is served by a *mechanism* (``dbt/hooks/mechanisms``), chosen per hook by name or
``auto``; the hooks of one mechanism share its activations. Hooks may be set and removed at any
time, also from inside one: it takes effect at the next execution. It is long because all kinds of
hooks are set here.
"""

from collections.abc import Callable, Iterable
from functools import partial

from dbt import choices
from dbt.hooks.follow.stacks import NONE, Copies
from dbt.hooks.machine import HookMachine
from dbt.hooks.points import Remove, take_out
from dbt.hooks.points.names import DEPTH
from dbt.lazy import lazy_property
from dbt.stops import UsageError
from dbt.typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

if TYPE_CHECKING:  # what few processes need is imported when they do
    from dbt.environment import Environment
    from dbt.hooks.callbacks.events import CallEvent, ReturnEvent, SyscallEvent
    from dbt.hooks.code import BlockHook, CodeHooks, InstructionHook
    from dbt.hooks.follow.listeners import Hook, Listeners
    from dbt.hooks.follow.tracker import Tracker
    from dbt.hooks.libraries import Libraries, LoadHook
    from dbt.hooks.mechanisms import Mechanism
    from dbt.hooks.memory import MemoryHook, MemoryHooks
    from dbt.hooks.points.conditions import Condition
    from dbt.hooks.recording import Accesses, Recording
    from dbt.hooks.records import Kind, Record

CallHook: TypeAlias = "Callable[[CallEvent], Any]"
ReturnHook: TypeAlias = "Callable[[ReturnEvent], Any]"
SyscallHook: TypeAlias = "Callable[[SyscallEvent], Any]"
Sink: TypeAlias = "Callable[[Record], Any]"
Choice: TypeAlias = "str | type[Mechanism]"
"""A mechanism by name, ``auto``, or a class of the user's own."""


class Hooks:
    """Set and remove hooks."""

    def __init__(
        self,
        machine: HookMachine,
        environment: "Environment",
    ) -> None:
        self._machine = machine
        self._environment = environment
        self._mechanisms: dict[str, tuple[Mechanism, Tracker]] = {}
        self._entering: dict[str | None, list[SyscallHook]] = {}
        self._leaving: dict[str | None, list[SyscallHook]] = {}
        self._recording: Recording | None = None
        self._memory: MemoryHooks | None = None
        self._code: CodeHooks | None = None
        self._programs: list[Callable[[], Any]] = []
        self._pausing: list[Callable[[], Any]] = []
        self._program_is_new = False
        """An execve has succeeded, and ``run_program_hooks`` was not called since."""

        machine.on_threads = self._give_way

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> NoReturn:
            raise choices.no_attribute(self, name)

    def __repr__(self) -> str:
        found = [
            f"{self._machine.name(pc)} ({name})"
            for name, (_, tracker) in self._mechanisms.items()
            for pc in tracker.functions
        ]
        tables = (self._entering, self._leaving)
        calls = dict.fromkeys(name for hooks in tables for name in hooks if hooks[name])
        found += [f"system call {name}" if name else "all system calls" for name in calls]
        for what, hooks_ in (("memory", self._memory), ("code", self._code)):
            found += [f"{len(hooks_)} on {what}"] if hooks_ else []
        recording = self._recording is not None and self._recording.active
        return f"<hooks: {', '.join([*found, *['a recording'] * recording]) or 'none'}>"

    def _give_way(self) -> None:
        """Have no mechanism keep activations in translated code."""
        for mechanism, _ in self._mechanisms.values():
            mechanism.give_way()

    # -- setting -----------------------------------------------------------------------------------

    def on_call(
        self,
        where: int | str,
        hook: CallHook,
        *,
        mechanism: Choice = "auto",
        when: str | None = None,
        depth: bool = True,
        pending: bool = False,
    ) -> Remove:
        """Call ``hook`` whenever the function at a symbol or address is entered, in any way. A
        symbol of one library is ``"libfoo.so:bar"``; with ``pending``, the hook waits until that
        library is in memory if it is not yet. If it has no such symbol then, the run ends with
        UsageError.

        ``when`` is a condition on the guest's registers as they are on entry, for instance
        ``"r0 > 4096 and depth < 3"`` (``conditions.py``). Mechanisms that change the function's
        first block (entry, sentinel, shadow) compile it there, except for terms with ``depth``;
        with the others Python evaluates it.

        ``CallEvent.depth`` counts the activations, of all functions watched by this mechanism,
        that began when a hook's condition held and have not ended. To know it, the return of each
        is noticed: by compiled code where ``entry`` has hooks on calls without conditions alone,
        else at the cost of a hook on its return. ``depth=False`` saves that: then activations that
        no other hook needs do not count, and ``depth`` and ``tail`` are not known at such calls.

        Returns a function that removes the hook. Raises UsageError for an unknown symbol or
        mechanism, a place without code, a condition that makes no sense, and for what is no
        function of one argument.
        """
        made = self._hook(hook, when, depth=depth)
        return self._on_function(where, mechanism, "calls", made, pending=pending)

    def on_return(
        self,
        where: int | str,
        hook: ReturnHook,
        *,
        mechanism: Choice = "auto",
        when: str | None = None,
        pending: bool = False,
    ) -> Remove:
        """Call ``hook`` whenever the function has returned to its caller. ``when`` is evaluated
        when the function is entered. Calls that are under way already are not reported."""
        made = self._hook(hook, when)
        return self._on_function(where, mechanism, "returns", made, pending=pending)

    def _on_function(
        self, where: int | str, mechanism: Choice, kind: str, hook: "Hook", *, pending: bool
    ) -> Remove:
        def add() -> Remove:
            return self._add(mechanism, self._machine.code(where), kind, hook)

        if choices.truth("pending", pending):
            _class(mechanism)
            return self._libraries.add_when_loaded(where, add)
        return add()

    def on_load(self, library: str | None, hook: "LoadHook") -> Remove:
        """Call ``hook`` with a ``LoadEvent`` when all segments of a library have been mapped,
        before it is relocated and runs; None means every library and program. The name may leave
        out versions at the end: ``"libfoo.so"``. What is in memory already is not reported. These
        hooks stay when another program is executed."""
        choices.function("a hook", hook, "event")
        name = None if library is None else choices.instance("a library", library, str)
        if name is not None and (not name or "/" in name):
            raise UsageError(
                f"a library is the name of its file, as 'libfoo.so', not {choices.shown(name)};"
                " None means every one"
            )
        return self._libraries.on_load(name, hook)

    @lazy_property
    def _libraries(self) -> "Libraries":
        from dbt.hooks.libraries import Libraries

        return Libraries(self._machine, self._environment, self.on_syscall)

    def on_syscall(
        self, name: str | int | None, hook: SyscallHook, *, leaving: bool = False
    ) -> Callable[[], None]:
        """Call ``hook`` before (or, ``leaving``, after) a system call, given by its name or its
        number; None means every one.

        A call that is made again after a signal enters each time and leaves once, when it returns.
        When a hook before it raises, the call is made when the run is continued, with the
        arguments and the result that the hooks have set.

        Raises UsageError for what is no system call, or no function of one argument.
        """
        choices.function("a hook", hook, "event")
        choices.truth("leaving", leaving)
        name = None if name is None else self._environment.call_name(name)
        hooks = self._leaving if leaving else self._entering
        hooks.setdefault(name, []).append(hook)
        return partial(_take_out_of, hooks, name, hook)

    def on_memory(
        self,
        where: "range | str | None",
        hook: "MemoryHook",
        access: str = "rw",
        *,
        when: str | None = None,
        mechanism: str = "auto",
        pending: bool = False,
    ) -> Remove:
        """Call ``hook`` behind each instruction's reads (``access="r"``), writes (``"w"``) or both
        (``"rw"``) that touch some memory. It gets a ``MemoryEvent`` for each of them.

        ``where`` is a range of addresses (``range(0x8000, 0x8004)``); the name of a variable, as
        large as its symbol says; such a name or an address with a size, ``"buffer+64"``;
        ``"stack"``, the mapping that the stack pointer is in at that moment; ``"heap"``, what the
        program has from brk; or None, all of memory. ``when`` is a condition as in ``on_call``,
        also on ``address``, ``size`` and ``value``. ``memory.py`` says what the mechanisms are:
        ``pages`` has translated code stop at accesses to these pages, ``code`` changes all code;
        ``auto`` takes pages for up to 16 of them. With ``pending`` the hook waits for the library
        of a variable (``"libfoo.so:buffer"``) as in ``on_call``.

        An instruction that faults is not reported; those of its accesses that were made are made
        again when it is. Accesses of the kernel, of the host and of other processes are not seen.

        Returns a function that removes the hook. Raises UsageError for what is no such memory, and
        for conditions that make no sense.
        """
        from dbt.hooks.memory import KINDS, MECHANISMS, MOST_WATCHED, MemoryHooks, memory_at

        choices.function("a hook", hook, "event")
        kinds = KINDS[choices.one_of("kind of access", access, tuple(KINDS))]
        choices.one_of("mechanism of memory hooks", mechanism, MECHANISMS)
        condition = self._condition(when, accesses=True)

        def add() -> Remove:
            place, within = memory_at(where, self._environment, self._machine)
            if within is not None and mechanism == "pages":
                raise UsageError(f"memory {where!r} moves: it has no pages to watch")
            if mechanism == "pages" and len(place) > MOST_WATCHED:
                raise UsageError(
                    f"the mechanism pages watches at most {MOST_WATCHED >> 20} MiB:"
                    " take the mechanism code"
                )
            if self._memory is None:
                self._memory = MemoryHooks(self._machine)
            return self._memory.add(place, hook, kinds, condition, mechanism, within)

        if choices.truth("pending", pending):
            return self._libraries.add_when_loaded(where, add)
        return add()

    def on_block(
        self, where: "range | int | str | None", hook: "BlockHook", *, when: str | None = None
    ) -> Remove:
        """Call ``hook`` with a ``BlockEvent`` before each block that begins in ``where``: a range
        of addresses, a function by its symbol, an address, or None, all code. ``when`` is a
        condition as in ``on_call``, without ``depth``.

        A block is what armdbt translates at a time: instructions up to a branch, or up to where
        another block has to begin (at another hook, and where a page ends); 64 at most.

        Returns a function that removes the hook. Raises UsageError for what is no such code.
        """
        from dbt.hooks.code import code_at

        choices.function("a hook", hook, "event")
        place = code_at(where, self._environment, self._machine)
        return self._on_code().on_block(place, hook, self._condition(when))

    def on_instruction(
        self, where: "range | int | str | None", hook: "InstructionHook", *, when: str | None = None
    ) -> Remove:
        """Call ``hook`` with an ``InstructionEvent`` before each instruction in ``where``, as in
        ``on_block``, also one whose own condition does not hold."""
        from dbt.hooks.code import code_at

        choices.function("a hook", hook, "event")
        place = code_at(where, self._environment, self._machine)
        return self._on_code().on_instruction(place, hook, self._condition(when))

    def _on_code(self) -> "CodeHooks":
        if self._code is None:
            from dbt.hooks.code import CodeHooks

            self._code = CodeHooks(self._machine)
        return self._code

    def _condition(self, when: str | None, *, accesses: bool = False) -> "Condition | None":
        """A condition without ``depth``. Raises UsageError."""
        if when is None:
            return None
        from dbt.hooks.points.conditions import parse_condition

        names = self._machine.names
        condition = parse_condition(when, names.at_accesses() if accesses else names)
        if condition.mentions(DEPTH):
            raise UsageError(f"condition {when!r}: only hooks on functions know depth")
        return condition

    def trace(
        self,
        pcs: Iterable[int | str] | int | str | None,
        sink: Sink,
        *,
        mechanism: Choice = "auto",
        syscalls: bool = True,
    ) -> Remove:
        """Give ``sink`` a ``Record`` of every event of some functions; None means every function
        that the program's symbol tables name now. Calls that are under way already are not
        reported. Raises UsageError as ``on_call`` does."""
        from dbt.hooks.follow.listeners import Hook
        from dbt.hooks.records import Kind

        choices.function("a sink", sink, "record")
        choices.truth("syscalls", syscalls)
        wanted = sorted(self._wanted(pcs))
        removers = [self._add(mechanism, location, "sinks", Hook(sink)) for location in wanted]
        if syscalls:
            for kind in (Kind.SYSCALL, Kind.SYSCALL_RETURN):
                recorded = partial(self._record, sink, kind, _class(mechanism).name)
                leaving = kind is Kind.SYSCALL_RETURN
                removers.append(self.on_syscall(None, recorded, leaving=leaving))

        def remove() -> None:
            while removers:
                removers.pop()()

        return remove

    def record(
        self,
        pcs: Iterable[int | str] | int | str | None = None,
        consumer: "Sink | None" = None,
        *,
        syscalls: bool = True,
        follow: bool = True,
        blocks: bool = False,
        memory: "range | str | bool" = False,
        access: str = "rw",
    ) -> "Recording":
        """Record the events of some functions in translated code, which does not enter Python for
        them; None means every function that the program's symbol tables name now.

        The records are those that ``trace`` gives with the mechanism ``entry``. Calls that are
        under way already are not recorded. ``recording.py`` says what a ``consumer`` is, what
        ``follow`` and ``blocks``; ``memory`` and ``access`` are as in ``Process.record``, which
        makes arrays of a recording. Raises UsageError as ``trace`` does, and for a second recording
        while there is one.
        """
        from dbt.hooks.recording import Recording
        from dbt.hooks.records import Kind

        if consumer is not None:
            choices.function("a consumer", consumer, "record")
        choices.truth("syscalls", syscalls)
        if self._recording is not None and self._recording.active:
            raise UsageError("there is a recording already: stop it before the next one")
        wanted, accesses = self._wanted(pcs), self._accesses(memory, access)
        self._give_way()
        watched = map(self._machine.pc_of, wanted)
        machine = self._machine
        recording = Recording(
            machine, machine.functions, watched, consumer,
            follow=follow, blocks=blocks, memory=accesses,
        )  # fmt: skip
        self._recording = recording
        if syscalls:
            for kind in (Kind.SYSCALL, Kind.SYSCALL_RETURN):
                recorded = partial(self._record_call, recording, kind)
                leaving = kind is Kind.SYSCALL_RETURN
                recording.on_stop(self.on_syscall(None, recorded, leaving=leaving))
        return recording

    def _wanted(self, pcs: Iterable[int | str] | int | str | None) -> set[int]:
        """The locations of the functions that a user names."""
        if pcs is None:
            return set(self._environment.symbolizer.functions())
        return {self._machine.code(where) for where in choices.several("pcs", pcs)}

    def _accesses(self, memory: "range | str | bool", access: str) -> "Accesses | None":
        """The accesses that a user wants recorded. Raises UsageError."""
        from dbt.hooks.memory import KINDS, memory_at

        kinds = KINDS[choices.one_of("kind of access", access, tuple(KINDS))]
        if memory is False:
            if access != "rw":
                raise UsageError(f"access {access!r} has no effect without memory")
            return None
        if memory is None:
            raise UsageError("memory is a range, a text, True or False, not None")
        where = None if memory is True else memory
        place, within = memory_at(where, self._environment, self._machine)
        if within is not None:
            raise UsageError(f"memory {memory!r} moves: record a range, or all and pick addresses")
        return place, kinds

    def _hook(self, call: Callable[[Any], Any], when: str | None, *, depth: bool = True) -> "Hook":
        from dbt.hooks.follow.listeners import Hook
        from dbt.hooks.points.conditions import parse_condition

        choices.function("a hook", call, "event")
        condition = None if when is None else parse_condition(when, self._machine.names)
        if (
            not choices.truth("depth", depth)
            and condition is not None
            and condition.mentions(DEPTH)
        ):
            raise UsageError(f"condition {when!r} needs depth, and depth=False gives it up")
        return Hook(call, condition, depth)

    def _add(self, mechanism: Choice, location: int, kind: str, hook: "Hook") -> Remove:
        from dbt.hooks.follow.listeners import Listeners

        watcher, tracker = self._mechanism(mechanism)
        pc = self._machine.key_of(location).pc
        listeners = tracker.functions.setdefault(pc, Listeners(location))

        def forget() -> None:
            if not listeners:
                del tracker.functions[pc]
            if not tracker.functions:
                watcher.idle()

        def remove() -> None:
            if hook in getattr(listeners, kind):
                self._change(watcher, pc, listeners, partial(listeners.remove, kind, hook))
                forget()

        try:
            self._change(watcher, pc, listeners, partial(listeners.add, kind, hook))
        except UsageError:  # the mechanism cannot watch it
            listeners.remove(kind, hook)
            forget()
            raise
        return remove

    @staticmethod
    def _change(
        watcher: "Mechanism", pc: int, listeners: "Listeners", change: Callable[[], None]
    ) -> None:
        """Change the hooks of a function. The mechanism watches it again if there were
        none, or if the conditions have changed."""
        before = bool(listeners) and (listeners.conditions(),)
        change()
        watcher.changed(listeners)
        after = bool(listeners) and (listeners.conditions(),)
        if before and before != after:
            watcher.unwatch(pc)
        if after and before != after:
            watcher.watch(pc)

    def _mechanism(self, choice: Choice) -> "tuple[Mechanism, Tracker]":
        from dbt.hooks.follow.tracker import Tracker

        kind = _class(choice)
        name = kind.name
        self._refuse_a_second(kind)
        if name not in self._mechanisms:
            tracker = Tracker(self._machine)
            self._machine.per_thread(tracker)
            self._mechanisms[name] = (kind(self._machine, tracker), tracker)
        return self._mechanisms[name]

    def _refuse_a_second(self, kind: "type[Mechanism]") -> None:
        """Raise UsageError when two mechanisms would send the same exits elsewhere."""
        for other, tracker in self._mechanisms.values():
            both = kind.redirects and other.redirects and kind.name != other.name
            if both and tracker.functions:
                raise UsageError(
                    f"the mechanisms {other.name} and {kind.name} cannot be used at once"
                )

    def on_program(self, hook: Callable[[], Any]) -> Remove:
        """Call ``hook`` when an execve has put another program in memory, before its first
        instruction: the place to set hooks in it."""
        choices.function("a hook", hook)
        self._programs.append(hook)
        return partial(take_out, self._programs, hook)

    def on_first_call(
        self, wanted: Callable[[int], bool], hook: Callable[[int], Any]
    ) -> Callable[[], None]:
        """Call ``hook`` with the location of a function, if ``wanted`` holds of it, when a call
        leads to it that is the first to execute it: for functions that no symbol names. Hooks that
        are set there count for that call, too, except those of the mechanism ``jump``, which look
        at the jump. Code that was executed before, as the target of a jump, is not found.

        Blocks are then made one by one. Raises UsageError while there is another such hook.
        """
        from dbt.hooks.first_calls import FirstCalls

        choices.function("wanted", wanted, "location")
        choices.function("a hook", hook, "location")
        if self._machine.engine.on_missing is not None:
            raise UsageError("there is a hook on first calls already")
        return FirstCalls(self._machine, wanted, hook).stop

    def on_pause(self, hook: Callable[[], Any]) -> Remove:
        """Call ``hook`` every 20 ms or so while the guest runs, between two of its blocks: for what
        looks at a recording meanwhile."""
        choices.function("a hook", hook)
        self._pausing.append(hook)
        self._machine.engine.on_pause = self._pause
        return partial(take_out, self._pausing, hook)

    def _pause(self, _nothing: None) -> None:
        for hook in list(self._pausing):
            hook()

    def run_program_hooks(self) -> None:
        """Call the hooks of ``on_program``, if an execve has succeeded since the last call."""
        if self._program_is_new:
            self._program_is_new = False
            for hook in list(self._programs):
                self._machine.call(lambda hook: hook(), hook)

    def forget(self) -> None:
        """Another program is in memory (execve): remove all hooks on functions, keep those on
        system calls."""
        for mechanism, tracker in self._mechanisms.values():
            tracker.abandon()
            for pc, listeners in tracker.functions.items():
                mechanism.unwatch(pc)
                listeners.clear()
            mechanism.idle()
            mechanism.close()
        self._mechanisms.clear()
        for hooks_ in (self._memory, self._code):
            if hooks_ is not None:
                hooks_.clear()
        if "_libraries" in vars(self):
            self._libraries.forget()
        if self._recording is not None:
            self._recording.leave()
        self._machine.forget()
        self._program_is_new = True

    def close(self) -> None:
        """The process is gone: no hook is called any more, and removing one does nothing."""
        for _, tracker in self._mechanisms.values():
            for listeners in tracker.functions.values():
                listeners.clear()
        if self._recording is not None:
            self._recording.stop()
        for hooks_ in (self._memory, self._code):
            if hooks_ is not None:
                hooks_.clear()
        if "_libraries" in vars(self):
            self._libraries.close()
        self._programs.clear()
        self._pausing.clear()
        self._entering.clear()
        self._leaving.clear()

    # -- snapshots ---------------------------------------------------------------------------------

    def save(self) -> tuple[Any, ...]:
        """The live activations, and what else follows the guest, for ``restore``. Raises UsageError
        for what cannot be put back."""
        self.check()
        self._give_way()
        return self._save()

    def restore(self, saved: tuple[Any, ...]) -> None:
        """Have the activations of then; the hooks are those of now. Registers are in place, and
        are to be put there again, for mechanisms may change them. ``settle`` comes behind that."""
        trackers, machine = saved
        copies = NONE
        if self._mechanisms:
            copies = Copies()
            self._give_way()
            for name, (_, tracker) in self._mechanisms.items():
                tracker.restore(trackers.get(name), copies)
        self._machine.restore(machine, copies)

    def save_calls(self) -> tuple[Any, ...] | None:
        """The live activations, for ``restore_calls``; None when nothing is watched."""
        if not any(tracker.functions for _, tracker in self._mechanisms.values()):
            return None
        self._give_way()
        return self._save()

    def restore_calls(self, saved: tuple[Any, ...] | None) -> None:
        """Drop the activations that have begun since. Registers are those of then."""
        if saved is not None:
            self.restore(saved)

    def _save(self) -> tuple[Any, ...]:
        copies = Copies()
        trackers = {name: tracker.save(copies) for name, (_, tracker) in self._mechanisms.items()}
        return trackers, self._machine.save(copies)

    def settle(self) -> None:
        """Registers are as they were."""
        if self._machine.stacks_followed.active:
            self._machine.stacks_followed.publish()

    def check(self) -> None:
        """Raise UsageError while there is something that cannot be saved and put back."""
        if self._recording is not None and self._recording.active:
            raise UsageError(
                "snapshot: stop the recording first: calls that it follows cannot be put back"
            )
        self._machine.check_memory()

    # -- system calls ------------------------------------------------------------------------------

    def entering(
        self, name: str, arguments: list[int], number: int = 0, location: int = 0
    ) -> int | None:
        """Run the entry hooks of a system call, which continues at ``location``. Returns the result
        if the call is to be skipped, else None.

        Raises what a hook raised, before the call is made. The next time this is called is for the
        same call: then the hooks do not run, and what they changed the first time holds.
        """
        resume = self._machine.resume
        if resume.call_as_hooked is not None:
            (arguments[:], result), resume.call_as_hooked = resume.call_as_hooked, None
            return result
        if not self._entering:
            return None
        result = self._syscall(self._entering, name, arguments, None, number, location)
        failure = self._machine.take_failure()
        if failure is not None:
            resume.call_as_hooked = list(arguments), result
            raise failure
        return result

    def leaving(
        self, name: str, arguments: list[int], result: int, number: int = 0, location: int = 0
    ) -> int | None:
        """Run the return hooks. Returns the result if one of them has replaced it, else None. What
        a hook raises is raised when the call is over (``HookMachine.take_failure``)."""
        if not self._leaving:
            return None
        return self._syscall(self._leaving, name, arguments, result, number, location)

    def _syscall(
        self,
        table: dict[str | None, list[SyscallHook]],
        name: str,
        arguments: list[int],
        result: int | None,
        number: int,
        location: int,
    ) -> int | None:
        hooks = [*table.get(name, ()), *table.get(None, ())]
        if not hooks:
            return None
        from dbt.hooks.callbacks.events import SyscallEvent

        machine = self._machine
        event = SyscallEvent(
            name, arguments, machine.state, machine.memory, self._environment.decode, result,
            number, machine.pc_of(location), machine.insns, machine.thread,
        )  # fmt: skip
        for hook in hooks:
            machine.call(hook, event)
        machine.call(SyscallEvent.check, event)
        return event.result if isinstance(event.result, int) else None

    def _record(self, sink: Sink, kind: "Kind", mechanism: str, event: "SyscallEvent") -> None:
        # An execve has put another tracker in the place of the one that was.
        known = self._mechanisms.get(mechanism)
        sink(self._recorded(kind, known[0].alive if known else 0, event))

    def _record_call(self, recording: "Recording", kind: "Kind", event: "SyscallEvent") -> None:
        recording.add(self._recorded(kind, recording.alive, event))

    def _recorded(self, kind: "Kind", depth: int, event: "SyscallEvent") -> "Record":
        from dbt.hooks.records import Record

        state = event.state
        return Record(
            kind, event.number, event.name, event.site, state.get(self._machine.call_abi.stack),
            depth, event.insns, thread=event.thread,
            arguments=tuple(event.arguments), result=event.result, stack_id=self._machine.stack_id,
        )  # fmt: skip


def _take_out_of(
    table: dict[str | None, list[SyscallHook]], name: str | None, hook: SyscallHook
) -> None:
    """Remove a hook on a system call, if it is there. No empty list is left: without hooks the
    table is false, and a call costs nothing more."""
    hooks = table.get(name, [])
    take_out(hooks, hook)
    if not hooks:
        table.pop(name, None)


def _class(choice: Choice) -> "type[Mechanism]":
    from dbt.hooks.mechanisms import AUTO, MECHANISMS, Mechanism

    if isinstance(choice, type) and issubclass(choice, Mechanism):
        return choice
    name = choices.one_of("hook mechanism", choice, ("auto", *MECHANISMS))
    return MECHANISMS[AUTO if name == "auto" else name]
