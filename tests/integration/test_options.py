"""Options are converted where the meaning is plain, and refused where they enter if it is not."""

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from support.guests import guest, symbols

from dbt.hooks import Callback, CallEvent, ReturnEvent, SyscallEvent
from dbt.hooks.faults import FaultPlan
from dbt.instrument.block_count import BlockCount
from dbt.instrument.shadow_stack import ShadowStack
from dbt.instrument.swi import SwiFilter, SwiTrace
from dbt.interfaces import BackendOptions, LinkKind
from dbt.ir.builder import Builder
from dbt.linux.options import LinuxOptions
from dbt.log import Log
from dbt.passes.pipeline import Pipeline
from dbt.passes.rules import Leaf
from dbt.process import Process
from dbt.runtime.chaining import ChainPolicy
from dbt.spy import Spy
from dbt.stops import Exited, InsnLimit, UsageError

FIB = guest("fib")
MAIN = symbols(FIB)["fib"]


class Elsewhere:
    """A pass that looks at a place that there is not."""

    place = "tail"

    def run(self, block: object) -> None:
        """Do nothing."""


def fib(args: Any = ("7",), **options: Any) -> Process:
    return Process(str(FIB), args, **{"env": {}, **options})


@pytest.fixture
def process() -> Iterator[Process]:
    with contextlib.closing(fib()) as process:
        yield process


# -- converted -------------------------------------------------------------------------------------


@pytest.mark.parametrize("tier", [0, 1, 2])
def test_a_tier_may_be_a_number(tier: int) -> None:
    options = BackendOptions(tier=tier)  # type: ignore[arg-type]
    assert options == BackendOptions(tier=str(tier))
    process = fib(options=options)
    process.run()
    assert bool(process.stats()["backend"]["compiled_blocks"]) == (tier != 0)
    process.close()


@pytest.mark.parametrize("passes", ["block-count", ["block-count"], [BlockCount()]])
def test_passes_may_be_spelled(passes: Any) -> None:
    process = fib(passes=passes)
    process.run()
    assert process.counters.snapshot("block:")
    process.close()


def test_programs_and_directories_may_be_paths(tmp_path: Path) -> None:
    linux = LinuxOptions(root=tmp_path, allow_write=tmp_path, allow_read=str(tmp_path))  # type: ignore[arg-type]
    assert (linux.root, linux.allow_write) == (str(tmp_path), (str(tmp_path),))
    assert linux.allow_read == (str(tmp_path),)
    process = Process(FIB, ["5"], env={})  # type: ignore[arg-type]
    assert isinstance(process.run(), Exited)
    process.close()


def test_chaining_is_denied_by_symbol(process: Process) -> None:
    chain = process.chain
    chain.deny("fib")  # type: ignore[arg-type]
    assert chain.denied == {MAIN}
    chain.allow("fib", MAIN)  # type: ignore[arg-type]
    chain.only("fib")  # type: ignore[arg-type]
    assert chain.allowed_only == {MAIN}
    chain.only(None)
    chain.deny_range("fib", MAIN + 8)  # type: ignore[arg-type]
    chain.allow_range(MAIN, MAIN + 8)
    chain.deny_range(0, 1 << 32)
    chain.set_kinds("direct")  # type: ignore[arg-type]
    assert chain.kinds == {LinkKind.DIRECT}
    assert isinstance(process.run(), Exited)


def test_traces_and_callbacks_take_symbols(process: Process) -> None:
    records: list[object] = []
    process.hooks.trace("fib", records.append, syscalls=False)
    assert isinstance(process.run(), Exited)
    assert records
    watch = Callback(lambda cells: None, at=["fib"], price="python")
    watched = fib(passes=[watch])
    watch.replace(count)
    watched.run()
    assert watch.values[0] > 0
    watched.close()


def count(cells: Any) -> None:
    cells[0] += 1


def test_a_system_call_may_be_a_number(process: Process) -> None:
    seen: list[str] = []
    process.hooks.on_syscall(4, lambda event: seen.append(event.name))  # type: ignore[arg-type]
    process.hooks.on_syscall("syscall_999", seen.append)  # type: ignore[arg-type]
    process.hooks.on_syscall("ARM_0xf0007", seen.append)  # type: ignore[arg-type]
    process.run()
    assert set(seen) == {"write"}


def test_a_call_is_redirected_by_symbol() -> None:
    process = Process(str(guest("demo") if guest("demo").is_file() else DEMO), ["3"], env={})
    calls: list[int] = []

    def redirect(event: CallEvent) -> None:
        remove()
        event.redirect("helper")  # type: ignore[arg-type]

    remove = process.hooks.on_call("fib", redirect)
    process.hooks.on_call("helper", lambda event: calls.append(event.insns))
    assert isinstance(process.run(), Exited)
    assert len(calls) == 4
    process.close()


DEMO = Path(__file__).parents[2] / "dbt" / "data" / "demo.elf"


def test_a_chain_mode_may_be_assigned(process: Process) -> None:
    assert process.chain.mode == "all"
    process.chain.mode = "direct"
    assert (process.chain.mode, process.chain.kinds) == ("direct", {LinkKind.DIRECT})
    process.chain.set_kinds("return")
    assert process.chain.mode is None
    with pytest.raises(AttributeError):
        process.chain.modes = "off"  # type: ignore[attr-defined]


def test_words_may_have_a_sign_and_flags_may_be_true(process: Process) -> None:
    process.state["r5"] = -1
    process.state["zf"] = True
    assert (process.state["r5"], process.state["zf"]) == (0xFFFFFFFF, 1)


def test_an_infinite_time_is_none(process: Process) -> None:
    assert isinstance(process.run(timeout=float("inf")), Exited)


def test_log_items_may_stand_in_one_text() -> None:
    assert Log("ir,exec").items == {"ir", "exec"}


def test_pipelines_take_one_name() -> None:
    names = Pipeline.default().names()
    assert Pipeline.default().without(names[0]).names() == names[1:]
    assert Pipeline.default().only(names[0]).names() == names[:1]


# -- refused ---------------------------------------------------------------------------------------


def ignore(event: object) -> None:
    """A hook."""


class NoBlock:
    """A pass that cannot be called."""

    def run(self) -> None:
        """Takes no block."""


def imports(cells: Any) -> None:
    import os

    cells[0] = os.getpid()


def makes(cells: Any) -> None:
    class Made:
        """No class can be made."""

    cells[0] = Made is None


async def later(event: Any) -> None:
    """Nothing awaits it."""


def yields(event: Any) -> Iterator[None]:
    """Nothing asks for its values."""
    yield


def blames(cells: Any) -> None:
    if cells[0]:
        raise ValueError from None


def compiled(function: Callable[[Any], None]) -> Callback:
    return Callback(function, at="calls", price="numba-linked")


REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "tier": (lambda: BackendOptions(tier=3), r"no tier '3' \(one of 0, 1, 2, auto\)"),
    "tier true": (lambda: BackendOptions(tier=True), "no tier True"),
    "unit": (lambda: BackendOptions(unit="blocks"), "no unit 'blocks'; did you mean 'block'"),
    "hot": (lambda: BackendOptions(hot=-1), "hot is at least 0, not -1"),
    "hot text": (lambda: BackendOptions(hot="9"), "hot is a whole number, not '9'"),
    "memory checks": (
        lambda: BackendOptions(memory_checks="none"),
        r"no kind of memory checks 'none' \(one of mmu, explicit\)",
    ),
    "background": (
        lambda: BackendOptions(background="off"),
        "background is True or False, not .off",
    ),
    "root": (lambda: LinuxOptions(root="/nowhere"), "/nowhere: not a directory"),
    "root file": (lambda: LinuxOptions(root=__file__), "not a directory"),
    "write": (lambda: LinuxOptions(allow_write=("/tmp", "/nowhere")), "/nowhere: not a dir"),
    "read none": (lambda: LinuxOptions(allow_read=None), "is a collection, not None"),
    "cwd": (lambda: LinuxOptions(cwd="/nowhere"), "/nowhere: not a directory"),
    "strace": (lambda: LinuxOptions(strace="no"), "strace is True or False, not 'no'"),
    "strace log": (lambda: LinuxOptions(strace_log="f"), "strace_log is a function, not 'f'"),
    "stack": (lambda: LinuxOptions(stack_size="8M"), "stack_size is a whole number"),
    "stack size": (lambda: LinuxOptions(stack_size=-5), "stack_size is between"),
    "verify": (lambda: fib(verify="yes"), "verify is True or False, not 'yes'"),
    "reference tier": (
        lambda: fib(backend="reference", options=BackendOptions(tier="2")),
        "the backend reference has no tiers",
    ),
    "constant": (lambda: Builder([]).const("5"), "a constant is a whole number, not '5'"),
    "constant float": (lambda: Builder([]).const(1.5), "a constant is a whole number, not 1.5"),
    "pass signature": (
        lambda: fib(passes=[NoBlock()]),
        r"run of pass NoBlock is called with \(block\), but run takes \(\)",
    ),
    "pipeline signature": (lambda: Pipeline([NoBlock()]), "run of pass NoBlock is called with"),
    "callback async": (lambda: Callback(later), "a callback is a plain function; later is a gen"),
    "callback yields": (lambda: Callback(yields, price="python"), "plain function; yields is a ge"),
    "import": (lambda: fib(passes=[compiled(imports)]), "callback imports cannot be compiled: Use"),
    "class": (lambda: fib(passes=[compiled(makes)]), "callback makes cannot be compiled: Use"),
    "raise from": (lambda: fib(passes=[compiled(blames)]), "callback blames cannot be compiled: M"),
    "seed": (lambda: LinuxOptions(seed="abc"), "seed is a whole number, not 'abc'"),
    "program": (lambda: Process(7), "program is a text, not 7"),
    "program nul": (lambda: Process("a\0b"), "program has a NUL in it"),
    "args text": (lambda: fib("7"), "args is a sequence of texts, as .*, not '7'"),
    "args number": (lambda: fib([7]), r"args\[0\] is a text, not 7"),
    "args nul": (lambda: fib(["a\0b"]), r"args\[0\] has a NUL"),
    "args half": (lambda: fib(["\ud800"]), r"args\[0\] has a surrogate in it"),
    "argv0": (lambda: fib(argv0=3), "argv0 is a text, not 3"),
    "env": (lambda: fib(env=["A=1"]), "env maps names to texts"),
    "env number": (lambda: fib(env={"A": 1}), r"env\['A'\] is a text, not 1"),
    "env name": (lambda: fib(env={1: "A"}), "a variable's name is a text, not 1"),
    "env equals": (lambda: fib(env={"A=B": "1"}), "a variable's name .* has no '=', not 'A=B'"),
    "env empty": (lambda: fib(env={"": "1"}), "a variable's name is not empty"),
    "env nul": (lambda: fib(env={"A": "1\0B=2"}), "has a NUL in it"),
    "env half": (lambda: fib(env={"A": "\ud800"}), r"env\['A'\] has a surrogate in it"),
    "frontend": (lambda: fib(frontend="arn"), r"no frontend 'arn'; did you mean 'arm'\?"),
    "backend": (lambda: fib(backend="numba"), r"no backend 'numba'; did you mean 'numba_jit'\?"),
    "backend class": (lambda: fib(backend=BlockCount), "a backend is a name, or has a method open"),
    "options": (lambda: fib(options="2"), "options is a BackendOptions, not '2'"),
    "options zero": (lambda: fib(options=0), "options is a BackendOptions, not 0"),
    "linux empty": (lambda: fib(linux={}), "linux is a LinuxOptions, not {}"),
    "linux": (lambda: fib(linux={"root": "/"}), "linux is a LinuxOptions, not {'root': '/'}"),
    "pipeline": (lambda: fib(pipeline=[]), r"pipeline is a Pipeline, not \[\]"),
    "log": (lambda: fib(log="exec"), "log is a Log, not 'exec'"),
    "chain": (lambda: fib(chain="al"), r"no chain mode 'al'; did you mean 'all'\? \(one of off"),
    "pass": (
        lambda: fib(passes=["blok-count"]),
        "no pass 'blok-count'; did you mean 'block-count'",
    ),
    "pass class": (
        lambda: fib(passes=[BlockCount]),
        r"a pass is made by its class: BlockCount\(\)",
    ),
    "pass place": (
        lambda: fib(passes=[Elsewhere()]),
        r"no place of pass Elsewhere 'tail' \(one of head, instruction, exit\)",
    ),
    "pass object": (lambda: fib(passes=[3]), r"a pass has a method run\(block\); 3 has none"),
    "pass of ours": (lambda: fib(passes=[Leaf.of("a")]), "a pass has a method run"),
    "pass option": (lambda: fib(passes=["shadow-stack{tarp=no}"]), "did you mean 'trap'"),
    "trap": (lambda: ShadowStack(trap="no"), "trap is True or False, not 'no'"),
    "sites": (lambda: SwiTrace(sites=1), "sites is True or False, not 1"),
    "allow": (lambda: fib(passes=[SwiFilter(["wrote"])]), "no system call 'wrote'; did you mean"),
    "allow float": (lambda: SwiFilter([1.5]), "a system call is a whole number, not 1.5"),
    "without": (lambda: Pipeline.default().without(["dead-cod"]), "did you mean 'dead-code'"),
    "pipelined": (lambda: Pipeline([3]), "a pass has a method run"),
    "mode": (lambda: ChainPolicy().set_mode("on"), "no chain mode 'on'"),
    "kind": (lambda: ChainPolicy().set_kinds(["dirct"]), "no kind 'dirct'; did you mean 'direct'"),
    "range": (
        lambda: ChainPolicy().deny_range(9, 3),
        "a range begins before it ends, not 0x9..0x3",
    ),
    "no range": (lambda: ChainPolicy().allow_range(3, 9), "no range 0x3..0x9"),
    "log item": (lambda: Log(["exce"]), "no dump item 'exce'; did you mean 'exec'"),
    "log range": (lambda: Log(["exec"], None, [(9, 3)]), "a range begins before it ends"),
    "log pair": (lambda: Log(["exec"], None, [9]), "a range is a pair of addresses, not 9"),
    "log out": (lambda: Log(["exec"], "file"), "out is an open file, not 'file'"),
    "plan": (lambda: FaultPlan.parse(3), "a fault plan is a text, not 3"),
    "plan error": (lambda: FaultPlan.parse("read: EACCESS"), "no error 'EACCESS'; did you mean"),
    "price": (lambda: Callback(count, price="numba"), "no price 'numba'"),
    "place": (lambda: Callback(count, at="call"), "no place 'call'; did you mean 'calls'"),
    "cells": (lambda: Callback(count, cells=True), "cells is a whole number, not True"),
    "value": (lambda: Callback(lambda cells, targt: None, price="python"), "did you mean 'target'"),
}
"""What is made, and the refusal. (Nothing here may be called before the test.)"""


@pytest.mark.parametrize("name", REFUSED)
def test_what_makes_no_sense_is_refused_when_it_is_made(name: str) -> None:
    make, why = REFUSED[name]
    with pytest.raises(UsageError, match=why) as told:
        make()
    assert "\n" not in str(told.value)


def _put(process: Process, slot: str, value: Any) -> None:
    process.state[slot] = value


USED: dict[str, tuple[Callable[[Process], object], str]] = {
    "symbol": (lambda p: p.hooks.on_call("fob", ignore), r"no symbol 'fob'; did you mean 'fib'\?"),
    "unmapped": (lambda p: p.hooks.on_call(0x10, ignore), "there is no code at 0x10"),
    "stack": (lambda p: p.hooks.on_call(p.state["r13"] & ~3, ignore), "there is no code at 0x"),
    "unaligned": (lambda p: p.hooks.on_call(MAIN + 2, ignore), "the address is not aligned"),
    "negative": (lambda p: p.hooks.on_call(-4, ignore), "an address is between 0x0 and"),
    "wide": (lambda p: p.hooks.on_return(1 << 32, ignore), "an address is between 0x0 and"),
    "float": (lambda p: p.hooks.on_call(1.5, ignore), "an address is a whole number, not 1.5"),
    "bool": (lambda p: p.hooks.on_call(True, ignore), "an address is a whole number, not True"),
    "no function": (lambda p: p.hooks.on_call("fib", "print"), "a hook is a function, not 'print'"),
    "signature": (lambda p: p.hooks.on_call("fib", lambda: 0), r"is called with \(event\), but"),
    "return": (lambda p: p.hooks.on_return("fib", None), "a hook is a function, not None"),
    "program": (lambda p: p.hooks.on_program(ignore), r"is called with \(\), but ignore takes"),
    "sink": (lambda p: p.hooks.trace(None, lambda: 0), r"a sink is called with \(record\)"),
    "traced": (lambda p: p.hooks.trace(["fob"], ignore), "no symbol 'fob'"),
    "mechanism": (
        lambda p: p.hooks.on_call("fib", ignore, mechanism="entri"),
        r"no hook mechanism 'entri'; did you mean 'entry'\? \(one of auto, dispatch",
    ),
    "mechanism class": (
        lambda p: p.hooks.on_call("fib", ignore, mechanism=BlockCount),
        "no hook mechanism",
    ),
    "condition": (
        lambda p: p.hooks.on_call("fib", ignore, when="dept > 3"),
        "column 1: no value 'dept'; did you mean 'depth'",
    ),
    "condition type": (
        lambda p: p.hooks.on_call("fib", ignore, when=3),
        "a condition is a str, not 3",
    ),
    "syscall": (
        lambda p: p.hooks.on_syscall("getpidd", ignore),
        r"no system call 'getpidd'; did you mean 'getpid'\?",
    ),
    "syscall type": (lambda p: p.hooks.on_syscall(True, ignore), "a system call is a whole number"),
    "syscall number": (lambda p: p.hooks.on_syscall("read_3", ignore), "no system call 'read_3'"),
    "syscall hook": (lambda p: p.hooks.on_syscall("read", 3), "a hook is a function, not 3"),
    "syscall unknown": (
        lambda p: p.hooks.on_syscall(9999, ignore),
        "no system call has the number 9999 .'syscall_9999' names it",
    ),
    "async": (lambda p: p.hooks.on_call("fib", later), "a hook is a plain function; later is"),
    "yields": (lambda p: p.hooks.on_syscall("read", yields), "a plain function; yields is"),
    "leaving": (
        lambda p: p.hooks.on_syscall("read", ignore, leaving="yes"),
        "leaving is True or False, not 'yes'",
    ),
    "syscalls": (lambda p: p.hooks.trace(None, ignore, syscalls=1), "syscalls is True or False"),
    "register": (lambda p: p.state["r99"], r"no register or flag 'r99'; did you mean 'r9'\?"),
    "register name": (lambda p: p.state["spx"], r"no register or flag 'spx'; did you mean 'sp'\?"),
    "register list": (lambda p: p.state["stack"], r"r12, r13, r14, pc.*; sp is r13, lr is r14"),
    "register set": (lambda p: _put(p, "spp", 1), "no register or flag 'spp'"),
    "register text": (lambda p: _put(p, "r0", "1"), "r0 is a whole number, not '1'"),
    "register wide": (lambda p: _put(p, "r0", 1 << 40), "r0 is between -0x80000000 and 0xffffffff"),
    "flag wide": (lambda p: _put(p, "zf", 2), "zf is between 0x0 and 0x1"),
    "chain mode": (lambda p: setattr(p.chain, "mode", "nope"), "no chain mode 'nope' .one of off"),
    "deny turned": (lambda p: p.chain.deny_range(8, 4), "not 0x8..0x4$"),
    "attach": (lambda p: FaultPlan.parse("read: EIO").attach(None), "to a Process, not None"),
    "plan": (lambda p: FaultPlan.parse("raed: EIO").attach(p), "no system call 'raed'; did you"),
    "deny": (lambda p: p.chain.deny("malloc"), "no symbol 'malloc'"),
    "deny float": (lambda p: p.chain.deny(1.5), "an address is a whole number"),
    "deny range": (lambda p: p.chain.deny_range("fib", MAIN), "a range begins before it ends"),
    "only": (lambda p: p.chain.only(["fob"]), "no symbol 'fob'"),
    "resolve": (lambda p: p.resolve("fibb"), "no symbol 'fibb'; did you mean 'fib'"),
    "resolve wide": (lambda p: p.resolve("0x123456789"), "an address is between 0x0 and"),
    "explain": (lambda p: p.explain("0x10"), "there is no code at 0x10"),
    "explain none": (lambda p: p.explain(None), "an address is a whole number, not None"),
    "insns": (lambda p: p.run(max_insns=-1), "max_insns is at least 0, not -1"),
    "insns float": (lambda p: p.run(max_insns=1.5), "max_insns is a whole number, not 1.5"),
    "insns bool": (lambda p: p.run(max_insns=True), "max_insns is a whole number, not True"),
    "time": (lambda p: p.run(timeout=-1), "timeout is a number of seconds, 0 or more, not -1"),
    "time nan": (lambda p: p.run(timeout=float("nan")), "timeout is a number of seconds"),
    "time text": (lambda p: p.run(timeout="5"), "timeout is a number of seconds, .* not '5'"),
    "spy": (lambda p: Spy(p, limit="all"), "limit is a whole number, not 'all'"),
}

PLACES: dict[str, Callable[[Process, int], object]] = {
    "hook": lambda p, at: p.hooks.on_call(at, ignore),
    "trace": lambda p, at: p.hooks.trace([at], ignore),
    "deny": lambda p, at: p.chain.deny(at),
    "allow": lambda p, at: p.chain.allow(at),
    "only": lambda p, at: p.chain.only([at]),
    "range": lambda p, at: p.chain.deny_range(MAIN, at),
    "explain": lambda p, at: p.explain(at),
}
"""All that takes a place where a block begins."""


@pytest.mark.parametrize("name", PLACES)
def test_a_place_where_no_block_can_begin_is_refused(name: str, process: Process) -> None:
    with pytest.raises(
        UsageError, match=r"no instruction begins at 0x.*: the address is not aligned"
    ):
        PLACES[name](process, MAIN + 4 + 2)
    assert not process.chain.boundaries()
    assert isinstance(process.run(), Exited)


@pytest.mark.parametrize("name", USED)
def test_what_makes_no_sense_is_refused_at_once_and_changes_nothing(
    name: str, process: Process
) -> None:
    use, why = USED[name]
    with pytest.raises(UsageError, match=why) as told:
        use(process)
    assert "\n" not in str(told.value)
    assert not process.chain.boundaries()
    assert isinstance(process.run(), Exited)


ACTIONS: dict[str, tuple[Callable[[Any], object], str]] = {
    "redirect": (lambda event: event.redirect("sum"), "no symbol 'sum'"),
    "redirect far": (lambda event: event.redirect(0x10), "there is no code at 0x10"),
    "argument": (lambda event: event.argument(-1), "an argument's index is between"),
    "set": (lambda event: event.set_argument("0", 1), "an argument's index is a whole number"),
    "set text": (lambda event: event.set_argument(0, "5"), "an argument is a whole number, not"),
    "set wide": (lambda event: event.set_argument(0, 1 << 40), "an argument is between -0x8"),
    "set stack": (lambda event: event.set_argument(9, 1 << 40), "an argument is between -0x8"),
    "skip text": (lambda event: event.skip(result="1"), "a result is a whole number, not '1'"),
    "skip wide": (lambda event: event.skip(result=1 << 40), "a result is between -0x8"),
}


@pytest.mark.parametrize("name", ACTIONS)
def test_what_a_hook_does_that_makes_no_sense_is_raised_by_run(name: str, process: Process) -> None:
    act, why = ACTIONS[name]

    def hook(event: CallEvent) -> None:
        remove()
        act(event)

    remove = process.hooks.on_call("fib", hook)
    with pytest.raises(UsageError, match=why):
        process.run()
    assert isinstance(process.run(), Exited)


def _give(what: object, event: SyscallEvent) -> None:
    event.result = what  # type: ignore[assignment]


def _hand(what: object, event: SyscallEvent) -> None:
    event.arguments[0] = what  # type: ignore[call-overload]


@pytest.mark.parametrize("leaving", [False, True])
@pytest.mark.parametrize(
    ("act", "why"),
    [
        (partial(_give, "0"), "a result is a whole number, not '0'"),
        (partial(_give, 1 << 40), "a result is between"),
        (partial(_hand, 1.0), "an argument is a whole number, not 1.0"),
    ],
)
def test_a_system_call_takes_words_from_hooks(
    act: Callable[[SyscallEvent], None], why: str, leaving: bool, process: Process
) -> None:
    process.hooks.on_syscall("write", act, leaving=leaving)
    with pytest.raises(UsageError, match=why):
        process.run()
    assert isinstance(process.run(max_insns=3), InsnLimit | Exited)


@pytest.mark.parametrize(
    ("what", "why"),
    [("x", "a result is a whole number, not 'x'"), (1 << 40, "a result is between -0x80000000")],
)
def test_a_function_returns_a_word(what: object, why: str, process: Process) -> None:
    def hook(event: ReturnEvent) -> None:
        remove()
        event.result = what  # type: ignore[assignment]

    remove = process.hooks.on_return("fib", hook)
    with pytest.raises(UsageError, match=why):
        process.run()
    assert isinstance(process.run(), Exited)


def test_an_argument_that_a_call_has_not_is_refused_with_those_it_has(process: Process) -> None:
    process.hooks.on_syscall("write", lambda event: event.decoded["path"])
    with pytest.raises(
        UsageError, match=r"no argument of write 'path' \(one of fd, buffer, "
    ) as told:
        process.run()
    assert isinstance(told.value, KeyError)


def test_misspelled_events_and_what_they_have(process: Process) -> None:
    def hook(event: Any) -> None:
        event.argumnt(0)

    with pytest.raises(AttributeError, match="Hooks has no 'on_cal'; did you mean 'on_call'"):
        process.hooks.on_cal  # type: ignore[attr-defined]  # noqa: B018
    process.hooks.on_call("fib", hook)
    with pytest.raises(AttributeError, match="CallEvent has no 'argumnt'; did you mean 'argument'"):
        process.run()


def test_an_unknown_register_is_a_key_error_too(process: Process) -> None:
    with pytest.raises(KeyError) as told:
        process.state["r99"]
    assert str(told.value).startswith("no register or flag 'r99'; did you mean 'r9'?")


def test_an_empty_argv0_is_one() -> None:
    with fib(argv0="") as process:
        assert process.kernel.process.argv[0] == b""


def test_registers_have_their_other_names_too(process: Process) -> None:
    process.run(max_insns=20)
    names = {"sp": "r13", "lr": "r14", "fp": "r11", "ip": "r12", "r15": "pc"}
    for name, slot in names.items():
        assert process.state[name] == process.state[slot]
        process.state[name] = 0x1234
        assert process.state[slot] == 0x1234
    with pytest.raises(UsageError, match="sp is between"):
        process.state["sp"] = 1 << 32
    assert not names.keys() & process.state.snapshot().keys()


@pytest.mark.parametrize("library", ["", "/lib/libfoo.so"])
def test_a_library_is_named_by_its_file(process: Process, library: str) -> None:
    with pytest.raises(
        UsageError, match=r"a library is the name of its file, as 'libfoo\.so', not"
    ):
        process.hooks.on_load(library, lambda event: None)
