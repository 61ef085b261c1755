"""Ground truth equals what was written by hand, for every idiom; and the rules one by one."""

import functools
import itertools

import pytest
from support import idioms
from support.guests import guest
from support.idioms import idiom

from dbt.experiments.truth.analysis import truth
from dbt.experiments.truth.stack_ranges import StackRanges
from dbt.experiments.truth.trace import (
    Observation,
    Signal,
    SignalReturn,
    Start,
    Step,
    SystemCall,
    SystemCallReturn,
    trace,
)
from dbt.hooks.records import Kind, Record
from dbt.process import Process
from dbt.stops import Exited, Stop, UsageError
from frontends.arm import ArmFrontend

NAMES = idioms.names()


@functools.cache
def true_records(name: str) -> tuple[Record, ...]:
    return tuple(truth(str(idiom(name).program), timeout=60))


def observed(name: str) -> tuple[list[Observation], Stop]:
    seen: list[Observation] = []
    stop = trace(str(idiom(name).program), sink=seen.append, timeout=60)
    return seen, stop


# -- The suite -------------------------------------------------------------------------------------


def test_there_are_enough_idioms() -> None:
    assert len(NAMES) >= 40
    assert {path.stem for path in idioms.IDIOMS.glob("*.elf")} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_truth_is_what_was_written_by_hand(name: str) -> None:
    told = idiom(name).differences(true_records(name))
    assert not told, "\n".join(told)


@pytest.mark.parametrize("name", NAMES)
def test_each_idiom_ends_as_it_says_and_is_traced_whole(name: str) -> None:
    seen, stop = observed(name)
    assert stop == Exited(idiom(name).status)
    steps = [one for one in seen if isinstance(one, Step)]
    process = Process(str(idiom(name).program), env={}, backend="reference")
    assert process.run(timeout=60) == stop
    assert len(steps) == process.stats()["instructions"]
    process.close()


def test_depths_and_counts_are_consistent() -> None:
    for name in NAMES:
        records = true_records(name)
        assert [r.insns for r in records] == sorted(r.insns for r in records), name
        assert all(0 <= r.depth <= len(records) for r in records), name


# -- The trace -------------------------------------------------------------------------------------


def test_a_step_has_the_registers_before_it() -> None:
    seen, _ = observed("bl")
    assert isinstance(seen[0], Start)
    start = idiom("bl").addresses["_start"]
    steps = [one for one in seen if isinstance(one, Step)]
    assert [step.pc - start for step in steps[:3]] == [0, 4, 16]
    assert [step.registers[0] for step in steps[:3]] == [0, 5, 5]
    assert steps[2].registers[14] == steps[1].pc + 4
    assert [step.insns for step in steps] == list(range(len(steps)))
    assert [step.moved for step in steps[:3]] == [True, False, False]
    assert all(step.registers[15] == step.pc for step in steps)


def test_conditional_instructions_are_one_step_each() -> None:
    seen, _ = observed("return_conditional")
    steps = [one for one in seen if isinstance(one, Step)]
    assert all(a.pc != b.pc for a, b in itertools.pairwise(steps))


def test_system_calls_and_signals_are_seen_where_they_happen() -> None:
    seen, _ = observed("signal_between")
    kinds = [type(one) for one in seen if not isinstance(one, Step)]
    call, back = SystemCall, SystemCallReturn
    assert kinds == [Start, call, back, call, back, call, back, Signal, call, SignalReturn, call]
    names = [one.name for one in seen if isinstance(one, SystemCall)]
    assert names == ["rt_sigaction", "getpid", "kill", "sigreturn", "exit"]
    signal = next(one for one in seen if isinstance(one, Signal))
    after = seen[seen.index(signal) + 1]
    assert isinstance(after, Step)
    assert after.moved
    assert (signal.number, after.pc) == (10, idiom("signal_between").addresses["handler"])


def test_changed_code_is_seen_changed() -> None:
    seen, _ = observed("selfmod_entry")
    entry = idiom("selfmod_entry").addresses["f"]
    words = [one.word for one in seen if isinstance(one, Step) and one.pc == entry]
    assert len(words) == 3
    assert words[0] != words[1] == words[2]


def test_a_compiled_program() -> None:
    fib = guest("fib")
    records = truth(str(fib), ["6"], timeout=60, syscalls=False)
    fibs = [r for r in records if r.symbol == "fib"]
    calls = [r for r in fibs if r.kind is Kind.CALL]
    returns = [r for r in fibs if r.kind is Kind.RETURN]
    assert len(calls) == len(returns) > 10
    assert {r.arguments[0] for r in calls} >= {0, 1, 2}


def test_only_what_is_asked_for_is_watched() -> None:
    found = idiom("recursion_mutual")
    records = truth(str(found.program), pcs=[found.addresses["odd"]], timeout=60)
    assert {r.symbol for r in records if r.kind is Kind.CALL} == {"odd"}
    anonymous = truth(str(found.program), pcs=[found.addresses["in_odd"]], timeout=60)
    assert {r.symbol for r in anonymous if r.kind is Kind.CALL} == {
        f"{found.addresses['in_odd']:#x}"
    }


def test_a_program_that_does_not_end_in_time_has_no_truth() -> None:
    spin = str(guest("spin"))
    with pytest.raises(UsageError, match=r"spin\.elf: no ground truth, .* within 0\.2 s") as error:
        truth(spin, timeout=0.2)
    assert "\n" not in str(error.value)


# -- Which stack is it -----------------------------------------------------------------------------

B, PUSH, SUB_SP, MOV_SP = 0xEA000001, 0xE92D4010, 0xE24DD008, 0xE1A0D004


def at(pc: int, word: int, sp: int, *, moved: bool = False) -> Step:
    return Step(pc, word, 4, (0,) * 13 + (sp, 0, pc), 0, moved)


def test_stacks_are_told_apart() -> None:
    stacks = StackRanges(ArmFrontend())
    steps = [
        at(0, SUB_SP, 0x9000),
        at(4, MOV_SP, 0x8FF8),
        at(8, PUSH, 0x4000),  # a new stack
        at(12, MOV_SP, 0x3FF8),
        at(16, MOV_SP, 0x8FFC),  # inside of what the first has seen
        at(20, B, 0x4000),  # the second again
    ]
    seen = []
    for before, step in zip([None, *steps], steps, strict=False):
        stacks.follow(before, step)
        seen.append(stacks.current)
    assert seen[0] is seen[1] is seen[4]
    assert seen[2] is seen[3] is seen[5]
    assert seen[0] is not seen[2]


def test_signal_frames_are_on_the_stack_they_are_pushed_on() -> None:
    stacks = StackRanges(ArmFrontend())
    first = at(0, B, 0x9000)
    stacks.follow(None, first)
    main = stacks.current
    framed = at(4, B, 0x8D00, moved=True)
    stacks.follow(first, framed)
    assert stacks.current is main
    elsewhere = at(8, B, 0xA000, moved=True)
    stacks.follow(framed, elsewhere)
    assert stacks.current is not main
