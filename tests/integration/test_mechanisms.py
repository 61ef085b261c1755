"""Every mechanism on every idiom: its events are the true ones, or its limit is stated here.

A limit is asserted to be real: when a mechanism learns to see what it could not, its row must go.
"""

import contextlib
import functools
import itertools
import random
import signal
from collections.abc import Iterable, Iterator
from types import FrameType

import attrs
import pytest
from support import idioms
from support.guests import branch_targets
from support.idioms import Idiom, idiom

from dbt.experiments.truth.analysis import truth
from dbt.experiments.truth.compare import difference
from dbt.hooks.mechanisms import NAMES
from dbt.hooks.records import Kind, Record
from dbt.interfaces import BackendOptions
from dbt.process import Process
from dbt.stops import Exited, Stop, TimeLimit

IDIOMS = idioms.names()
TIERS = ["0", "2"]
CHAINS = ["all", "off", "denied"]
FOLLOWING = {"entry", "shadow"}
"""Mechanisms that follow the stack pointer. They have no limits, which a test says, and more is
asked of them."""
TIMEOUT = 20
PATIENCE = 0.5
"""Seconds of processor time; some limits are programs that never end."""

# -- Limits ----------------------------------------------------------------------------------------


def _limits() -> Iterator[tuple[str, str, str]]:
    """(mechanism, idiom, why its events cannot be the true ones)."""
    every = set(NAMES)
    rows = [
        (
            every - FOLLOWING,
            "coroutine coroutine_ldm signal_altstack_above stack_left_ldm stack_switch_above",
            "stack pointers of different stacks are compared: leaving for a higher stack looks like"
            " unwinding",
        ),
        (
            every - FOLLOWING,
            "longjmp_skips_unwatched stack_return",
            "nothing watched happens while the stack pointer is above: the frame that has been"
            " given up looks alive when the stack has grown again",
        ),
        (
            every - FOLLOWING,
            "exception_into_caller longjmp_into_caller longjmp_into_caller_tail"
            " longjmp_into_caller_unwatched longjmp_without_frame"
            " setcontext_into_caller"
            " signal_longjmp_into_caller",
            "the stack pointer is what it was when the function was called that has been given up,"
            " and how it came to be so is not seen",
        ),
        (
            every - FOLLOWING - {"sentinel"},
            "longjmp_same_site longjmp_skips_call longjmp_two_sites longjmp_veneer",
            "call instructions are not seen: a second call from the same site, with the first one"
            " given up, looks like a tail call",
        ),
        (
            every - FOLLOWING - {"sentinel"},
            "longjmp_adr_again",
            "no call instruction calls, so that a second call with the first one given up looks"
            " like a tail call",
        ),
        (
            {"jump"},
            "start_function",
            "the first instruction of the program is entered by no jump",
        ),
        (
            {"jump"},
            "signal_altstack signal_between signal_calls signal_longjmp signal_nested"
            " signal_no_restorer signal_restorer signal_siginfo signal_sigreturn signal_two_at_once"
            " swi_bad swi_interrupted swi_restart thumb_no_restorer thumb_signal",
            "the kernel enters handlers, not a jump",
        ),
        (
            {"jump"},
            "signal_before_entry",
            "sigreturn leads to the function, not a jump",
        ),
        (
            {"trap"},
            "return_skips_word",
            "the breakpoint at the return site is in data that the program reads",
        ),
        (
            {"trap"},
            "thumb_mov_lr_pc",
            "the link register does not say that the site is Thumb code: a breakpoint of ARM code is"
            " written there",
        ),
        ({"trap"}, "selfmod_entry", "the program writes over the breakpoint"),
        (
            {"sentinel"},
            "pc_getter_function return_into_function return_pop_r0 return_skips_word",
            "the program sees the changed return address",
        ),
        (
            {"jump"},
            "longjmp_past_call longjmp_past_lower",
            "the return site is reached by a direct edge, which is not looked at",
        ),
        (
            {"sentinel"},
            "longjmp_frames longjmp_past_call longjmp_past_lower longjmp_to_site thumb_longjmp",
            "the return site is reached by another way than through the changed address",
        ),
    ]
    for mechanisms, names, why in rows:
        for pair in itertools.product(sorted(mechanisms), names.split()):
            yield (*pair, why)


LIMITS = {(mechanism, name): why for mechanism, name, why in _limits()}


def test_limits_are_of_things_that_exist() -> None:
    for mechanism, name in LIMITS:
        assert mechanism in NAMES
        assert name in IDIOMS
    rows = list(_limits())
    assert len(rows) == len(LIMITS), "two reasons for one limit"


def test_following_the_stack_pointer_leaves_no_limit() -> None:
    assert not [key for key in LIMITS if key[0] in FOLLOWING]


# -- Comparing -------------------------------------------------------------------------------------


@functools.cache
def true_records(name: str) -> tuple[Record, ...]:
    return tuple(truth(str(idiom(name).program), timeout=60))


def watched(found: Idiom, mechanism: str, tier: str, chain: str) -> tuple[list[Record], Stop]:
    """The events that a mechanism tells of an idiom, and how the program ended."""
    denied = chain == "denied"
    process = Process(
        str(found.program),
        env={},
        options=BackendOptions(tier=tier),
        chain="all" if denied else chain,
    )
    records: list[Record] = []
    try:
        if denied:
            targets = branch_targets(found.program)
            chosen = random.Random(f"{mechanism} {found.name} {tier}")
            process.chain.deny(*chosen.sample(targets, len(targets) // 2 + 1))
        process.hooks.trace(None, records.append, mechanism=mechanism)
        return records, process.run(timeout=TIMEOUT)
    finally:
        process.close()


class Endless(Exception):
    """The program does not end, and may not even execute instructions."""


@contextlib.contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Raise Endless in the block after so much processor time. (No idiom has such a timer.)"""

    def over(number: int, frame: FrameType | None) -> None:
        raise Endless

    before = signal.signal(signal.SIGPROF, over)
    # Again and again: what a destructor or a callback of the collector raises is lost.
    signal.setitimer(signal.ITIMER_PROF, seconds, PATIENCE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@pytest.mark.shares(2)
@pytest.mark.rotates("tier", "chain")
@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize(
    ("mechanism", "name"),
    [
        (mechanism, name)
        for mechanism in NAMES
        for name in IDIOMS
        if mechanism not in FOLLOWING and (mechanism, name) not in LIMITS
    ],
)
def test_events_are_the_true_ones(mechanism: str, name: str, tier: str, chain: str) -> None:
    found = idiom(name)
    records, stop = watched(found, mechanism, tier, chain)
    told = difference(true_records(name), records)
    assert not told, told
    assert stop == Exited(found.status)


ENDLESS = {("sentinel", "pc_getter_function"), ("sentinel", "return_into_function")}
"""Limits that are programs which never end: they leave through the changed return address, and are
led to the return site of the innermost function, which is where that function begins."""


@pytest.mark.parametrize(
    ("mechanism", "name"), [pytest.param(*key, id="-".join(key)) for key in LIMITS]
)
# Endless may be raised in a destructor, where it is lost; the timer raises it once more.
@pytest.mark.filterwarnings("ignore:(?s).*Endless:pytest.PytestUnraisableExceptionWarning")
def test_limits_are_real(mechanism: str, name: str) -> None:
    found = idiom(name)
    true = true_records(name)
    if (mechanism, name) in ENDLESS:
        with pytest.raises(Endless), patience(PATIENCE):
            watched(found, mechanism, "0", "all")
        return
    with patience(TIMEOUT):
        records, stop = watched(found, mechanism, "0", "all")
    assert not isinstance(stop, TimeLimit), "how much it told until then is chance"
    agrees = not difference(true, records) and stop == Exited(found.status)
    assert not agrees, f"no limit any more: {LIMITS[mechanism, name]}"


# -- Field by field --------------------------------------------------------------------------------


@pytest.mark.shares(2)
@pytest.mark.rotates("tier", "chain")
@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("name", IDIOMS)
@pytest.mark.parametrize("mechanism", sorted(FOLLOWING))
def test_records_are_the_true_ones_field_by_field(
    mechanism: str, name: str, tier: str, chain: str
) -> None:
    """In their order, with depth and instruction count too; but for who called, and process ids."""
    found = idiom(name)
    records, stop = watched(found, mechanism, tier, chain)
    told = difference(true_records(name), records)
    assert not told, told
    assert comparable(records) == comparable(true_records(name))
    assert stop == Exited(found.status)


def comparable(records: Iterable[Record]) -> list[Record]:
    return [
        attrs.evolve(
            record,
            caller=0,
            thread=0,
            result=None if record.symbol in ("fork", "wait4") else record.result,
        )
        for record in records
    ]


# -- Callers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", IDIOMS)
def test_callers_are_the_true_ones_or_none(name: str) -> None:
    records, _ = watched(idiom(name), "entry", "0", "all")
    pairs = zip(callers(records), callers(true_records(name)), strict=True)
    assert all(found in (true, 0) for found, true in pairs)


def test_callers_are_known_where_a_call_instruction_leads_to_the_function() -> None:
    known = "bl bl_conditional call_table callback mov_lr_pc_bx mov_lr_pc_ldr_pc recursion"
    known += " thumb_bl thumb_blx thumb_cbz thumb_it thumb_jump_table thumb_recursion"
    for name in known.split():
        records, _ = watched(idiom(name), "entry", "2", "all")
        assert callers(records) == callers(true_records(name)), name


def test_callers_are_known_between_breakpoints() -> None:
    """A call whose instruction is also the return site of the one before it."""
    for name in ("recursion_twice", "callback"):
        told, _ = watched(idiom(name), "entry", "0", "all")
        records, _ = watched(idiom(name), "trap", "0", "all")
        assert callers(records) == callers(told), name
        assert any(callers(told))


def callers(records: list[Record] | tuple[Record, ...]) -> list[int]:
    return [record.caller for record in records if record.kind is Kind.CALL]
