"""Hooks from Python, by symbol and address, set and removed at any time."""

from functools import partial
from pathlib import Path

import pytest
from support.idioms import idiom

from dbt.hooks import CallEvent, ReturnEvent, StopRequested, SyscallEvent
from dbt.hooks.mechanisms import NAMES
from dbt.hooks.records import Kind, Record
from dbt.interfaces import BackendOptions
from dbt.process import Process
from dbt.stops import Exited, Killed, Requested, UsageError

pytestmark = pytest.mark.rotates("tier")
FIB = str(Path(__file__).parents[2] / "benchmarks" / "guests" / "fib.elf")


def start(tier: str) -> Process:
    return Process(FIB, ["10"], env={}, options=BackendOptions(tier=tier, hot=20, background=False))


def test_calls_and_returns_of_a_recursive_function_pair_up(tier: str) -> None:
    process = start(tier)
    stack: list[int] = []
    results: dict[int, int] = {}

    def called(event: CallEvent) -> None:
        assert event.symbol.startswith("fib")
        assert event.depth == len(stack)
        stack.append(event.argument(0))

    def returned(event: ReturnEvent) -> None:
        results[stack.pop()] = event.result

    process.hooks.on_call("fib", called)
    process.hooks.on_return("fib", returned)
    assert isinstance(process.run(), Exited)
    assert not stack
    fib = [0, 1]
    while len(fib) <= max(results):
        fib.append(fib[-1] + fib[-2])
    assert results
    assert all(results[n] == fib[n] for n in results)


def test_a_hook_changes_nothing_for_the_guest(tier: str) -> None:
    plain, hooked = start(tier), start(tier)
    stop = plain.run()
    hooked.hooks.on_call("fib", lambda event: None)
    hooked.hooks.on_return("fib", lambda event: None)
    assert hooked.run() == stop
    assert hooked.stats()["instructions"] == plain.stats()["instructions"]
    guest = [slot.name for slot in plain.frontend.layout.slots]
    assert [hooked.state[name] for name in guest] == [plain.state[name] for name in guest]


def test_hooks_set_and_removed_during_the_run_take_effect_at_once(tier: str) -> None:
    """unicorn #2200 and #1475: a hook on code that has run, set while it runs."""
    process = start(tier)
    process.run(max_insns=1_000)
    seen = []
    remove = process.hooks.on_call("fib", lambda event: seen.append(event.pc))
    process.run(max_insns=300)
    count = len(seen)
    assert count > 3
    remove()
    process.run(max_insns=300)
    assert len(seen) == count


def test_a_hook_removed_from_inside_itself(tier: str) -> None:
    process = start(tier)
    seen = []

    def once(event: CallEvent) -> None:
        seen.append(event.argument(0))
        remove()

    remove = process.hooks.on_call("fib", once)
    assert isinstance(process.run(), Exited)
    assert len(seen) == 1


def test_a_hook_can_stop_the_run(tier: str) -> None:
    process = start(tier)

    def stop(event: CallEvent) -> None:
        raise StopRequested("enough")

    process.hooks.on_call("fib", stop)
    result = process.run()
    assert isinstance(result, Requested)
    assert result.pc == process.resolve("fib")


def test_system_calls_are_seen_skipped_and_changed(tier: str) -> None:
    process = start(tier)
    entered, left = [], []

    def skip_write(event: SyscallEvent) -> None:
        event.result = event.arguments[2]

    process.hooks.on_syscall(None, lambda event: entered.append(event.name))
    process.hooks.on_syscall("write", skip_write)
    process.hooks.on_syscall(
        None, lambda event: left.append((event.name, event.result)), leaving=True
    )
    assert isinstance(process.run(), Exited)
    assert "write" in entered
    assert any(name == "write" and result > 0 for name, result in left)


@pytest.mark.parametrize("left_out", ["jump", "shadow"])
def test_mechanisms_side_by_side_on_the_same_functions(tier: str, left_out: str) -> None:
    """All but ``sentinel``, whose return address the others would see, and one of the two that
    exclude each other."""
    process = start(tier)
    streams: dict[str, list[tuple[object, ...]]] = {}

    def sink(name: str, r: Record) -> None:
        event = (r.kind, r.function, r.site, r.depth, r.insns, r.arguments, r.result)
        streams.setdefault(name, []).append(event)

    for name in set(NAMES) - {"sentinel", left_out}:
        process.hooks.trace(["fib", "main"], partial(sink, name), mechanism=name, syscalls=False)
    assert isinstance(process.run(), Exited)
    first, *others = streams.values()
    assert len(first) == 2 * (177 + 1)
    assert all(other == first for other in others)


def test_two_mechanisms_that_redirect_exits_exclude_each_other() -> None:
    process = start("0")
    remove = process.hooks.on_call("fib", print, mechanism="shadow")
    with pytest.raises(UsageError, match="shadow and jump cannot be used at once"):
        process.hooks.on_call("fib", print, mechanism="jump")
    remove()
    process.hooks.on_call("fib", lambda event: None, mechanism="jump")
    assert isinstance(process.run(), Exited)


def test_a_breakpoint_that_was_written_over_is_the_programs(tier: str) -> None:
    process = start(tier)
    fib = process.resolve("fib")
    remove = process.hooks.on_call("fib", lambda event: None, mechanism="trap")
    undefined = bytes.fromhex("f000f0e7")  # UDF #0
    process.memory.poke(fib, undefined)
    remove()
    assert process.memory.peek(fib, 4) == undefined
    process.memory.poke(fib, process.frontend.breakpoint_in(0))
    stop = process.run()
    assert isinstance(stop, Killed)
    assert (stop.signal, stop.pc) == (5, fib)


def test_a_breakpoint_of_the_programs_under_one_of_ours(tier: str) -> None:
    process = start(tier)
    fib = process.resolve("fib")
    process.memory.poke(fib, process.frontend.breakpoint_in(0))
    seen: list[int] = []
    process.hooks.on_call("fib", lambda event: seen.append(event.pc), mechanism="trap")
    stop = process.run()
    assert isinstance(stop, Killed)
    assert (stop.signal, stop.pc) == (5, fib)
    assert seen == [fib]


def test_hooks_removed_from_inside_one_while_a_longjmp_gives_frames_up(tier: str) -> None:
    """The instruction that gives them up goes to a trampoline, which is removed with the hooks."""
    program = str(idiom("longjmp_frames").program)
    process = Process(program, env={}, options=BackendOptions(tier=tier))
    told: list[str] = []

    def sink(record: Record) -> None:
        told.append(record.symbol)
        if record.kind is Kind.UNWOUND and record.symbol == "a":
            remove()

    remove = process.hooks.trace(None, sink, mechanism="shadow")
    assert process.run() == Exited(7)
    assert told[-4:] == ["longjmp", "c", "b", "a"]


@pytest.mark.parametrize(
    ("mechanism", "seen"),
    [("entry", ["f", "f"]), ("shadow", ["f", "f"]), ("sentinel", ["f", "h", "h"])],
)
def test_hooks_removed_from_inside_one_while_a_call_gives_others_up(
    mechanism: str, seen: list[str], tier: str
) -> None:
    """``f`` is given up before ``h`` is called, which ``sentinel`` does not see."""
    program = str(idiom("longjmp_two_sites").program)
    process = Process(program, env={}, options=BackendOptions(tier=tier))
    told: list[Record] = []

    def sink(record: Record) -> None:
        told.append(record)
        if record.kind is Kind.UNWOUND:
            remove()

    remove = process.hooks.trace(None, sink, mechanism=mechanism)
    assert process.run() == Exited(4)
    assert [record.symbol for record in told] == seen


def test_a_run_stopped_where_a_function_is_skipped_stands_in_the_program(tier: str) -> None:
    """With ``sentinel`` the link register names a trampoline when hooks on the return stand."""
    process = start(tier)

    def skip(event: CallEvent) -> None:
        event.skip(1)
        raise StopRequested("skipped")

    results: list[int] = []
    process.hooks.on_return("fib", lambda e: results.append(e.result), mechanism="sentinel")
    process.hooks.on_call("fib", skip, mechanism="sentinel")
    stop = process.run()
    assert isinstance(stop, Requested)
    assert stop.pc < 0xFFFF0000
    assert results == [1]
    assert isinstance(process.run(), Exited)


def test_depth_in_a_condition_counts_what_its_own_mechanism_watches(tier: str) -> None:
    process = start(tier)
    outermost: list[int] = []
    depths: list[int] = []
    process.hooks.trace(["main"], lambda record: None, mechanism="dispatch", syscalls=False)
    process.hooks.trace(["fib"], lambda r: depths.append(r.depth), mechanism="entry")
    process.hooks.on_call("fib", lambda e: outermost.append(e.argument(0)), when="depth < 1")
    assert isinstance(process.run(), Exited)
    assert outermost == [10]
    assert depths[-1] == 0  # of exit_group: fib is over, and main is another mechanism's


@pytest.mark.parametrize("mechanism", NAMES)
def test_a_trace_begun_amid_calls_is_told_of_none_that_is_under_way(
    mechanism: str, tier: str
) -> None:
    process = start(tier)
    late: list[Record] = []

    def sink(record: Record) -> None:
        if record.depth == 3 and not late:
            late.append(record)
            process.hooks.trace(["fib"], late.append, mechanism=mechanism, syscalls=False)

    process.hooks.trace(["fib"], sink, mechanism=mechanism, syscalls=False)
    assert isinstance(process.run(), Exited)
    alive: list[Record] = []
    for record in late[1:]:
        if record.kind is Kind.CALL:
            alive.append(record)
        else:
            assert alive.pop().depth == record.depth
    assert not alive
    assert len(late) > 10


@pytest.mark.parametrize("mechanism", NAMES)
def test_another_hook_on_a_condition_loses_no_call_that_is_under_way(
    mechanism: str, tier: str
) -> None:
    results: list[list[int]] = []
    for disturbed in (False, True):
        process = start(tier)
        returned: list[int] = []
        results.append(returned)
        when = "r0 < 100"  # of a hook that has one: adding another changes what is compiled
        process.hooks.on_return(
            "fib", lambda e, out=returned: out.append(e.result), mechanism=mechanism, when=when
        )

        def add(event: CallEvent, process: Process = process) -> None:
            if event.argument(0) == 5:
                process.hooks.on_call("fib", print, mechanism=mechanism, when="r0 > 100")

        if disturbed:
            process.hooks.on_call("fib", add, mechanism=mechanism, when="r0 == 5")
        assert isinstance(process.run(), Exited)
    assert results[0] == results[1]
    assert results[0]


@pytest.mark.parametrize("mechanism", ["entry", "shadow"])
def test_what_was_alive_on_other_stacks_is_forgotten_with_the_hooks(mechanism: str) -> None:
    process = Process(str(idiom("coroutine").program), env={})
    records: list[Record] = []

    def sink(record: Record) -> None:
        records.append(record)
        if len(records) == 3:
            raise StopRequested("two stacks are in use")

    remove = process.hooks.trace(None, sink, mechanism=mechanism)
    process.run()
    assert [record.stack_id for record in records] == [0, 1, 1]
    remove()
    again: list[Record] = []
    process.hooks.trace(None, again.append, mechanism=mechanism, syscalls=False)
    assert process.run() == Exited(5)
    assert [(record.symbol, record.depth) for record in again[:3]] == [
        ("g", 0),
        ("g", 0),
        ("swap", 0),
    ]


COUNTED_AS = {"dispatch": "denied", "nochain": "denied", "trap": "halt", "helper": ""}
"""The reasons of the dispatches by which mechanisms come to hooks; of the others it is ``hook``."""


@pytest.mark.parametrize("mechanism", NAMES)
def test_what_the_visits_of_hooks_count_as(tier: str, mechanism: str) -> None:
    process = start(tier)
    seen: list[int] = []
    process.hooks.on_call(
        "fib", lambda event: seen.append(event.pc), mechanism=mechanism, depth=False
    )
    assert isinstance(process.run(), Exited)
    dispatches = process.stats()["dispatches"]
    counts = {why: dispatches[why] for why in ("hook", "denied", "halt") if dispatches[why]}
    reason = COUNTED_AS.get(mechanism, "hook")
    assert set(counts) == ({reason} if reason else set())
    # The first time there may be no translation yet, which is a reason of its own.
    assert sum(counts.values()) in ((len(seen) - 1, len(seen)) if reason else (0,))
