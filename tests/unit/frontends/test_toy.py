"""A guest that is not ARM (``support/toy_frontend.py``) under both backends: the engine, chaining,
invalidation, budgets and every hook mechanism know of a guest only what its frontend says."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from signal import Signals

import attrs
import pytest
from frontend_contract import FrontendContract
from support.bare_metal import BAD_ACCESS, UNKNOWN, BareMetal, Labels
from support.toy_frontend import ToyFrontend, assemble

from dbt import plugins
from dbt.experiments.truth.analysis import Analysis
from dbt.experiments.truth.trace import TracingBackend
from dbt.hooks import StopRequested
from dbt.hooks.callbacks.events import CallEvent, ReturnEvent
from dbt.hooks.mechanisms import MECHANISMS
from dbt.hooks.records import Kind
from dbt.hooks.registry import Hooks
from dbt.interfaces import (
    EXEC,
    PAGE,
    READ,
    WRITE,
    Backend,
    BackendOptions,
)
from dbt.ir.block import BlockKey
from dbt.process.event_loop import EventLoop
from dbt.process.inspection import registers
from dbt.process.watchdog import Clock
from dbt.process.wiring import Storage, connect
from dbt.runtime.budget import UNLIMITED
from dbt.runtime.engine import Engine
from dbt.runtime.memory import GuestMemory
from dbt.runtime.state import GuestState
from dbt.stops import Exited, InsnLimit, Killed, Requested, Stop, UsageError

AT, STACK, STACK_END = 0x8000, 0x20000, 0x21000
ROUNDS, LARGEST = 3, 10

SUMS = """
begin:
    put delta, 3
again:
    put alpha, 10
    call sum
    add epsilon, alpha
    add delta, -1
    unless-zero delta, again
    halt
sum:
    unless-zero alpha, more
    return
more:
    add frame, -8
    store back, frame, 0
    store alpha, frame, 1
    add alpha, -1
    call sum
    load beta, frame, 1
    add alpha, beta
    load back, frame, 0
    add frame, 8
    return
"""
"""epsilon = 3 * (1 + ... + 10), by recursion."""


@attrs.define
class Toy:
    """A toy computer that runs ``SUMS``, or other code put at ``AT``."""

    engine: Engine
    state: GuestState
    memory: GuestMemory
    loop: EventLoop
    world: BareMetal
    hooks: Hooks
    labels: dict[str, int]

    def put(self, text: str, at: int = AT) -> None:
        code, self.labels = assemble(text, at)
        self.memory.poke(at, code)

    def run(self, limit: int = UNLIMITED) -> Stop:
        """Run to the end, or until so many more instructions were executed."""
        budget = self.engine.budget
        budget.limit = limit if limit == UNLIMITED else budget.executed + limit
        return self.loop.run()


@pytest.fixture(params=["reference", "numba_jit:0", "numba_jit:1", "numba_jit:2"])
def toy(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Toy]:
    name, _, tier = request.param.partition(":")
    with made(plugins.load("dbt.backends", name)(), tier, tmp_path) as computer:
        yield computer


@contextlib.contextmanager
def made(backend: Backend, tier: str, tmp_path: Path) -> Iterator[Toy]:
    """A computer that runs ``SUMS`` on a backend."""
    frontend = ToyFrontend()
    storage = Storage(frontend)
    memory, state = storage.memory, storage.state
    memory.map(AT, 2 * PAGE, READ | WRITE | EXEC)
    memory.map(STACK, STACK_END - STACK, READ | WRITE)
    state["frame"] = STACK_END
    code, labels = assemble(SUMS, AT)
    world = BareMetal(state, memory, "alpha", AT, STACK_END, Labels(labels))
    (tmp_path / "sums").write_bytes(code)
    with contextlib.ExitStack() as closing:
        closing.callback(memory.close)
        parts = connect(
            frontend,
            backend,
            world,
            storage,
            world.load(str(tmp_path / "sums"), [], []),
            closing,
            options=BackendOptions(tier=tier or "0"),
            clock=Clock(),
            verify=True,
        )
        closing.callback(parts.machine.close)
        closing.callback(parts.hooks.close)
        yield Toy(parts.engine, state, memory, parts.loop, world, parts.hooks, labels)


def counted(toy: Toy) -> tuple[int, int]:
    return toy.engine.executed, toy.state["epsilon"]


PER_SUM = 1 + 1 + LARGEST * 11
"""Instructions of ``sum(10)``: eleven for each level but the last, which has two."""
WHOLE = 1 + ROUNDS * (5 + PER_SUM), 55 * ROUNDS


def killed(toy: Toy, signal: int, pc: int, shown: str) -> Killed:
    """The end of a toy that is killed, with the report on it."""
    lines = [
        f"guest killed by {Signals(signal).name} at {pc:#010x} ({pc:#x})",
        f"  {pc:#010x}: {shown}",
    ]
    report = "\n".join([*lines, *registers(toy.state.layout, toy.state)])
    return Killed(signal, pc, report)


@pytest.mark.parametrize("chain", ["all", "direct", "off"])
def test_it_computes_and_counts(toy: Toy, chain: str) -> None:
    toy.engine.policy.set_mode(chain)
    assert toy.run() == Exited(0)
    assert counted(toy) == WHOLE
    assert toy.state["frame"] == STACK_END


@pytest.mark.parametrize("step", [1, 7, 50])
def test_budgets_are_exact(toy: Toy, step: int) -> None:
    before = 0
    while isinstance(toy.run(step), InsnLimit):
        assert toy.engine.executed == before + step
        before += step
    assert counted(toy) == WHOLE


def test_a_target_is_denied_while_it_runs(toy: Toy) -> None:
    toy.engine.policy.deny("sum")
    toy.run()
    assert counted(toy) == WHOLE
    counts = {reason.value: n for reason, n in toy.engine.executor.dispatches().items()}
    if counts["unlinked"]:  # a backend that chains
        assert counts["denied"] >= ROUNDS * LARGEST


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_hooks_see_calls_and_returns(toy: Toy, mechanism: str) -> None:
    calls: list[tuple[int, int]] = []
    returns: list[tuple[int, int | None]] = []

    def called(event: CallEvent) -> None:
        calls.append((event.depth, event.argument(0)))

    def returned(event: ReturnEvent) -> None:
        returns.append((event.depth, event.result))

    toy.hooks.on_call("sum", called, mechanism=mechanism)
    toy.hooks.on_return("sum", returned, mechanism=mechanism)
    toy.run()
    assert counted(toy) == WHOLE
    assert calls == [(depth, LARGEST - depth) for depth in range(LARGEST + 1)] * ROUNDS
    sums = [(LARGEST - n, n * (n + 1) // 2) for n in range(LARGEST + 1)]
    assert returns == sums * ROUNDS


@pytest.mark.parametrize("mechanism", sorted(MECHANISMS.keys() - {"helper"}))
def test_hooks_change_what_a_function_does(toy: Toy, mechanism: str) -> None:
    """All mechanisms but ``helper``, which says that it cannot."""
    toy.hooks.on_call("sum", lambda call: call.skip(7), mechanism=mechanism)
    toy.run()
    assert toy.state["epsilon"] == 7 * ROUNDS


def test_ground_truth_is_no_other_for_the_toy(tmp_path: Path) -> None:
    """What it knows of a guest is its frontend's, too: registers by their roles, a reader."""
    frontend = ToyFrontend()
    analysis = Analysis(frontend, {})
    backend = TracingBackend(frontend, analysis.observe)
    with made(backend, "0", tmp_path) as toy:
        analysis.functions = {toy.labels["sum"]: "sum"}
        assert toy.run() == Exited(0)
        assert counted(toy) == WHOLE
    calls = [record for record in analysis.records if record.kind is Kind.CALL]
    returns = [record for record in analysis.records if record.kind is Kind.RETURN]
    assert len(calls) + len(returns) == len(analysis.records)
    wanted = [(depth, LARGEST - depth) for depth in range(LARGEST + 1)] * ROUNDS
    assert [(call.depth, call.arguments[0]) for call in calls] == wanted
    sums = [(LARGEST - n, n * (n + 1) // 2) for n in range(LARGEST + 1)]
    assert [(one.depth, one.result) for one in returns] == sums * ROUNDS


def test_conditions_know_the_toys_names(toy: Toy) -> None:
    seen: list[int] = []
    toy.hooks.on_call("sum", lambda call: seen.append(call.argument(0)), when="alpha < 2")
    with pytest.raises(UsageError, match="no value 'r0'"):
        toy.hooks.on_call("sum", lambda call: None, when="r0 < 2")
    toy.run()
    assert seen == [1, 0] * ROUNDS


COMPUTED = """
    word gamma, there
    call gamma
    word gamma, last
    jump gamma
there:
    put alpha, 5
    return
last:
    put alpha, 72
    system 1
    put alpha, 105
    system 1
    put alpha, 3
    system 0
"""


@pytest.mark.parametrize("chain", ["all", "off"])
def test_computed_targets_and_services(toy: Toy, chain: str) -> None:
    toy.put(COMPUTED)
    toy.engine.policy.set_mode(chain)
    assert toy.run() == Exited(3)
    assert toy.world.console == b"Hi"


def test_how_it_is_killed(toy: Toy) -> None:
    toy.put("load alpha, beta, 0")
    assert toy.run() == killed(toy, BAD_ACCESS, AT, "0170")
    toy.put("system 9\nhalt")
    assert toy.run() == killed(toy, UNKNOWN, AT + 2, "0000")


def test_a_hook_stops_a_run_that_another_continues(toy: Toy) -> None:
    def stop(call: CallEvent) -> None:
        raise StopRequested("once")

    remove = toy.hooks.on_call("sum", stop)
    stopped = toy.run()
    assert stopped == Requested(toy.labels["sum"], "once")
    remove()
    assert toy.run() == Exited(0)
    assert counted(toy) == WHOLE


def test_what_a_hook_raises_leaves_the_guest_whole(toy: Toy) -> None:
    def fail(call: CallEvent) -> None:
        raise KeyError(call.argument(0))

    remove = toy.hooks.on_call("sum", fail)
    for n in (10, 9):
        with pytest.raises(KeyError, match=str(n)) as raised:
            toy.run()
        assert toy.loop.continues_after(raised.value)
    remove()
    assert toy.run() == Exited(0)
    assert counted(toy) == WHOLE


def test_who_called_is_known_whatever_the_size_of_a_call(toy: Toy) -> None:
    toy.put(COMPUTED)
    callers: list[int] = []
    toy.hooks.on_call(
        toy.labels["there"], lambda call: callers.append(call.caller), mechanism="entry"
    )
    toy.run()
    assert callers == [AT + 6]


def test_an_instruction_that_crosses_a_page_goes_with_either(toy: Toy) -> None:
    end = AT + PAGE
    toy.put("word alpha, 0x11223344\nhalt", at=end - 2)
    toy.put(f"word gamma, {end - 2:#x}\njump gamma")
    key = BlockKey(end - 2)
    while isinstance(toy.run(3), InsnLimit):
        pass
    for address, half in ((end, 0x3355), (end - 2, 0xD100)):  # another value; another register
        assert key in toy.engine.cache
        toy.memory.store(address, 2, half)
        assert key not in toy.engine.cache
        toy.engine.provide(key)


def test_an_instruction_is_no_code_if_its_end_is_not(toy: Toy) -> None:
    end = AT + 2 * PAGE
    toy.memory.poke(end - 2, b"\x00\xd0")
    toy.put(f"word gamma, {end - 2:#x}\njump gamma")
    assert toy.run() == killed(toy, BAD_ACCESS, end - 2, "not executable")


class TestToyFrontend(FrontendContract):
    plain = b"\x05\xb0"  # add alpha, 5

    def make_frontend(self) -> ToyFrontend:
        return ToyFrontend()
