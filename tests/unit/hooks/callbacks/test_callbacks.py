"""Callbacks on a whole program: the same cells at every price, in every tier; what is refused."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import dbt
from dbt.hooks import StopRequested
from dbt.hooks.callbacks.callback import PRICES, Callback, CallbackError
from dbt.instrument.call_count import CallCount
from dbt.interfaces import BackendOptions
from dbt.passes.pipeline import Pipeline
from dbt.stops import Exited, InsnLimit, Requested, UsageError

FIB = str(Path(__file__).parents[4] / "benchmarks" / "guests" / "fib.elf")
TIERS = ["reference", "0", "1", "2", "auto"]
pytestmark = pytest.mark.rotates("tier")
FIB_CALLS = {5: 15, 9: 109}
"""Calls of fib(n): 2 * F(n + 1) - 1."""


def process(*passes: Any, tier: str = "0", n: int = 5, **options: Any) -> dbt.Process:
    return dbt.Process(
        FIB,
        [str(n)],
        passes=passes,
        backend="reference" if tier == "reference" else "numba_jit",
        options=BackendOptions(tier="0" if tier == "reference" else tier, hot=2, background=False),
        **options,
    )


@pytest.fixture
def run() -> Iterator[Callable[..., dbt.Process]]:
    """Run fib to its end with passes."""
    opened = []

    def run_(*passes: Any, **options: Any) -> dbt.Process:
        made = process(*passes, **options)
        opened.append(made)
        assert made.run() == Exited(0)
        return made

    yield run_
    for made in opened:
        made.close()


def hit(cells, pc, target, link):  # type: ignore[no-untyped-def]
    """Counts events, calls, and calls of one kind."""
    cells[0] += 1
    if link != 0 and target > pc:
        cells[1] += 1
    elif not pc & 4:
        cells[2] += 1


@pytest.mark.parametrize("tier", TIERS)
def test_every_price_leaves_the_same_cells(run: Callable[..., dbt.Process], tier: str) -> None:
    found, counts, executed = [], [], []
    for price in PRICES:
        watch = Callback(hit, cells=3, at="calls+returns", price=price)
        done = run(watch, CallCount(), tier=tier)
        found.append(watch.values)
        snapshot = done.counters.snapshot()
        counts.append({k: v for k, v in snapshot.items() if k.startswith(("call:", "return"))})
        executed.append(done.engine.executed)
    assert found == [found[0]] * len(PRICES)
    assert counts == [counts[0]] * len(PRICES)
    assert executed == [executed[0]] * len(PRICES)
    assert found[0][0] == sum(counts[0].values()) > 2 * FIB_CALLS[5]
    assert 0 < found[0][1] < found[0][0]
    assert 0 < found[0][2] < found[0][0]


def look(cells, pc, arg0, sp, lr):  # type: ignore[no-untyped-def]
    """Sums what it is given."""
    cells[0] += 1
    cells[1] += arg0
    cells[2] = pc
    cells[3] = max(cells[3], lr)
    cells[4] += sp & 7


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("price", ["numba-linked", "numba-pointer", "python"])
def test_registers_at_a_pc(run: Callable[..., dbt.Process], tier: str, price: str) -> None:
    with_fib = process()
    fib = with_fib.resolve("fib")
    with_fib.close()
    watch = Callback(look, cells=5, at=[fib], price=price)
    run(watch, tier=tier)
    count, total, pc, link, misaligned = watch.values
    # fib(5) asks for 5, 4, 3 (twice), 2 (three times), 1 (five times), 0 (three times).
    assert (count, total, pc, misaligned) == (FIB_CALLS[5], 5 + 4 + 6 + 6 + 5, fib, 0)
    assert fib < link < fib + 0x100


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("price", ["inline", "numba-linked", "python"])
def test_when(run: Callable[..., dbt.Process], tier: str, price: str) -> None:
    with_fib = process()
    fib = with_fib.resolve("fib")
    with_fib.close()

    def big(cells):  # type: ignore[no-untyped-def]
        cells[0] += 1

    watch = Callback(big, at=[fib], when="arg0 >= 3 and signed(r0) > 0", price=price)
    run(watch, tier=tier)
    assert watch.values == [1 + 1 + 2]


@pytest.mark.parametrize("chain", ["off", "direct"])
@pytest.mark.parametrize("tier", ["0", "2"])
def test_chaining_does_not_matter(run: Callable[..., dbt.Process], chain: str, tier: str) -> None:
    found = []
    for mode in (chain, "all"):
        watch = Callback(hit, cells=3, at="calls+returns")
        run(watch, tier=tier, chain=mode)
        found.append(watch.values)
    assert found[0] == found[1]


@pytest.mark.parametrize("tier", TIERS)
def test_a_python_callback_may_raise_and_the_run_goes_on(tier: str) -> None:
    def picky(cells, pc):  # type: ignore[no-untyped-def]
        cells[0] += 1
        if cells[0] in (3, 7):
            raise ValueError(f"call {cells[0]}")

    quiet = Callback(hit, cells=3, price="inline")
    watch = Callback(picky, price="python")
    made = process(watch, quiet, tier=tier)
    for number in (3, 7):
        with pytest.raises(ValueError, match=f"call {number}"):
            made.run()
        assert watch.values[0] == quiet.values[0] == number
    assert made.run() == Exited(0)
    assert watch.values[0] == quiet.values[0]
    made.close()


@pytest.mark.parametrize("every", [1, 7])
@pytest.mark.parametrize("tier", TIERS)
def test_exceptions_anywhere_change_nothing(
    tier: str, every: int, capfd: pytest.CaptureFixture[str]
) -> None:
    """Also in blocks that end in a system call, which then is made once, when the run goes on."""

    def picky(cells, pc):  # type: ignore[no-untyped-def]
        cells[0] += 1
        if cells[0] % every == 0:
            raise ValueError

    everywhere = range(0x10000, 0x11000, 4)
    watch = Callback(picky, at=everywhere, price="python")
    made = process(watch, tier=tier, n=2)
    raised = 0
    while True:
        try:
            stop = made.run(max_insns=100)
        except ValueError:
            raised += 1
        else:
            if stop == Exited(0):
                break
            assert isinstance(stop, InsnLimit)
    plain = process(tier="0", n=2)
    assert plain.run() == Exited(0)
    assert made.engine.executed == plain.engine.executed == watch.values[0]
    assert raised > 20
    assert capfd.readouterr().out == "fib 1\n" * 2
    made.close()
    plain.close()


def test_a_callback_may_ask_to_stop() -> None:
    def enough(cells):  # type: ignore[no-untyped-def]
        cells[0] += 1
        if cells[0] == 5:
            raise StopRequested("enough")

    watch = Callback(enough, price="python")
    made = process(watch, tier="2")
    assert made.run() == Requested(made.state["pc"], "enough")
    assert watch.values == [5]
    assert made.run() == Exited(0)
    made.close()


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("price", ["numba-linked", "numba-pointer"])
def test_a_compiled_callback_cannot_leave_its_array(tier: str, price: str) -> None:
    def far(cells, pc):  # type: ignore[no-untyped-def]
        cells[0] += 1
        cells[pc] = 1

    watch = Callback(far, cells=2, price=price)
    made = process(watch, tier=tier)
    with pytest.raises(CallbackError, match="far"):
        made.run()
    assert watch.values == [1, 0]
    assert isinstance(made.run(max_insns=1), InsnLimit), "the run can go on"
    made.close()


@pytest.mark.parametrize("tier", ["0", "2"])
@pytest.mark.parametrize("price", PRICES)
def test_replacing_between_runs(tier: str, price: str) -> None:
    def first(cells, target):  # type: ignore[no-untyped-def]
        cells[0] += 1

    def second(cells, target):  # type: ignore[no-untyped-def]
        cells[1] += 1

    total = Callback(first, cells=1, price="inline", name="total")
    watch = Callback(first, cells=2, price=price)
    made = process(watch, total, tier=tier, n=9)
    assert isinstance(made.run(max_insns=700), InsnLimit)
    before = watch.values[0]
    assert before > 10
    watch.replace(second)
    assert made.run() == Exited(0)
    assert watch.values == [before, total.values[0] - before]
    made.close()


def test_replacing_from_inside() -> None:
    def second(cells, target):  # type: ignore[no-untyped-def]
        cells[1] += 1

    def first(cells, target):  # type: ignore[no-untyped-def]
        cells[0] += 1
        if cells[0] == 20:
            watch.replace(second)
            inner.replace(second)

    inner = Callback(lambda cells, target: None, cells=2, name="inner")
    watch = Callback(first, cells=2, price="python", name="watch")
    made = process(inner, watch, tier="2", n=9)
    assert made.run() == Exited(0)
    assert watch.values[0] == 20
    assert watch.values[1] == inner.values[1] > FIB_CALLS[9] - 30
    made.close()


def test_a_callback_that_needs_numbas_runtime_is_called_by_pointer() -> None:
    def lists(cells, pc):  # type: ignore[no-untyped-def]
        seen = [pc]
        seen.append(pc)
        cells[0] += len(seen)

    with pytest.raises(UsageError, match="price it numba-pointer"):
        process(Callback(lists, name="linked"))
    watch = Callback(lists, price="numba-pointer")
    made = process(watch)
    made.run()
    assert watch.values[0] > 2 * FIB_CALLS[5]
    made.close()


def test_the_code_is_part_of_the_unit() -> None:
    def simple(cells):  # type: ignore[no-untyped-def]
        cells[0] += 1

    listings = {}
    for price in ("inline", "numba-linked", "numba-pointer"):
        made = process(Callback(simple, at="returns", price=price), tier="2")
        made.run()
        listing = "".join(
            made.explain(hex(key.pc))["out_asm"] for key in list(made.engine.cache) if not key.mode
        )
        listings[price] = listing.count("callq")
        made.close()
    assert listings["inline"] == listings["numba-linked"] == 0
    assert listings["numba-pointer"] > 0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Callback(hit, price="free"), "no price 'free'"),
        (lambda: Callback(hit, at="jumps"), "no place 'jumps'"),
        (lambda: Callback(hit, cells=0), "cells is at least 1, not 0"),
        (lambda: Callback(lambda: None), "first parameter is its array"),
        (lambda: Callback(lambda cells, colour: None), "no value 'colour'"),
        (lambda: Callback(lambda cells, depth: None), "no value 'depth'"),
        (lambda: Callback(lambda c, pc, link, r0, r1, r2, r3, r4: None), "at most 6"),
        (lambda: Callback(hit, when="r0 <"), "condition 'r0 <'"),
        (lambda: Callback(hit, when="depth < 3"), "do not know depth"),
        (lambda: Callback(look, price="inline", cells=5), "line 4: inline allows CELLS"),
        (lambda: Callback(hit, price="inline", cells=2), "cells 0 to 1"),
        (lambda: Callback(lambda c: None, price="inline"), "made by def"),
        (lambda: Callback(eval("lambda c: 1"), price="inline"), "its source"),
        (lambda: process(Callback(uncompilable)), "callback uncompilable cannot be compiled"),
        (lambda: process(Callback(hit, cells=3), Callback(hit, cells=3)), "two callbacks"),
    ],
)  # fmt: skip
def test_what_is_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)


def uncompilable(cells, pc):  # type: ignore[no-untyped-def]
    """Uses what numba does not know."""
    cells[0] = Path(pc)


def test_a_callback_belongs_to_one_process() -> None:
    watch = Callback(hit, cells=3, price="inline")
    assert watch.values == [0, 0, 0]
    process(watch).close()
    with pytest.raises(UsageError, match="belongs to a process already"):
        process(watch)


def test_the_pass_leaves_good_ir(run: Callable[..., dbt.Process]) -> None:
    """Verified after every stage, with and without optimisation."""
    for names in ([], Pipeline.default().names()):
        watch = Callback(hit, cells=3, at="calls+returns", when="lr != 1", price="inline")
        other = Callback(look, cells=5, at=range(0x8000, 0x20000, 8), price="python")
        run(watch, other, verify=True, pipeline=Pipeline.default().without(names), tier="1")
        assert watch.values[0] > 2 * FIB_CALLS[5]
