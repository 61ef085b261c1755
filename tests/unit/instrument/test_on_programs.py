"""Instrumentation passes on programs: the same on every backend and tier, chained or not."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.guests import BENCHMARKS, guest

from dbt.interfaces import BackendOptions, Pass
from dbt.passes.registry import parse_passes
from dbt.process import Process
from dbt.stops import Exited, Trapped, UsageError
from dbt.syscalls import IllegalTrap, Request

MODES = {
    "reference": ("reference", "0", "all"),
    "reference-unchained": ("reference", "0", "off"),
    "copied": ("numba_jit", "0", "all"),
    "copied-unchained": ("numba_jit", "0", "off"),
    "compiled": ("numba_jit", "2", "all"),
    "compiled-direct": ("numba_jit", "2", "direct"),
    "compiled-unchained": ("numba_jit", "2", "off"),
    "mixed": ("numba_jit", "auto", "all"),
}
SHORT = ("reference", "copied", "compiled")
pytestmark = pytest.mark.rotates("mode")
PROGRAMS: dict[str, tuple[Path, ...]] = {
    "fib": (BENCHMARKS / "fib.elf", Path("7")),
    "indirect": (guest("indirect"), Path("20")),
    "setjmp": (guest("setjmp"),),
}
_counted: dict[str, dict[str, int]] = {}


@contextmanager
def started(name: str, mode: str, passes: Sequence[Pass]) -> Iterator[Process]:
    program, *args = PROGRAMS[name] if name in PROGRAMS else (guest(name),)
    backend, tier, chain = MODES[mode]
    options = BackendOptions(tier=tier, hot=2, background=False)
    process = Process(
        str(program), [*map(str, args)], env={}, backend=backend, options=options, chain=chain,
        passes=passes,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.close()


def counters(name: str, mode: str) -> dict[str, int]:
    """What all counting passes together count."""
    passes = parse_passes(["block-count", "edge-count", "call-count"])
    with started(name, mode, passes) as process:
        assert isinstance(process.run(), Exited)
        return {key: count for key, count in process.counters.snapshot().items() if count}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", PROGRAMS)
def test_counters_are_equal_everywhere(name: str, mode: str) -> None:
    if name not in _counted:
        _counted[name] = counters(name, "reference")
    expected = _counted[name]
    assert len(expected) > 20
    assert counters(name, mode) == expected


def test_counters_agree_with_each_other() -> None:
    """What enters a block left another; a call's edge is a call."""
    found = _counted.setdefault("fib", counters("fib", "reference"))
    into: dict[str, int] = {}
    for key, count in found.items():
        if key.startswith("edge:"):
            target = key.partition("->")[2]
            into[target] = into.get(target, 0) + count
    computed = into.pop("*")
    blocks = {key[6:]: count for key, count in found.items() if key.startswith("block:")}
    # The program's first block is entered from none; its last edge, that of exit, enters none.
    assert sum(blocks.values()) == sum(into.values()) + computed
    assert len([t for t, count in into.items() if blocks.get(t, 0) < count]) == 1
    for key, count in found.items():
        if key.startswith("call:0x"):
            assert into[key[5:]] >= count
    # fib(7): 41 calls of itself and one from main.
    returns, calls = found["return"], sum(c for k, c in found.items() if k.startswith("call:"))
    assert calls - returns <= 3


@pytest.mark.parametrize("mode", SHORT)
def test_a_shadow_stack_on_a_program_that_returns_as_it_should(mode: str) -> None:
    with started("fib", mode, parse_passes(["shadow-stack"])) as process:
        assert process.run() == Exited(0)
        assert process.counters["return-mismatch"] == 0


@pytest.mark.parametrize("mode", SHORT)
def test_a_shadow_stack_traps_at_a_longjmp(mode: str, capfd: pytest.CaptureFixture[str]) -> None:
    with started("setjmp", mode, parse_passes(["shadow-stack"])) as process:
        stop = process.run()
        assert isinstance(stop, Trapped)
        assert stop.reason == "return-mismatch"
        assert process.symbolize(stop.pc).startswith("long_jump+")
        assert process.counters["return-mismatch"] == 1
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("mode", SHORT)
def test_without_trap_it_counts_and_goes_on(mode: str, capfd: pytest.CaptureFixture[str]) -> None:
    mismatches = set()
    with started("setjmp", mode, parse_passes(["shadow-stack{trap=no}"])) as process:
        assert process.run() == Exited(0)
        mismatches.add(process.counters["return-mismatch"])
    with started("setjmp", "reference", parse_passes(["shadow-stack{trap=no}"])) as process:
        process.run()
        mismatches.add(process.counters["return-mismatch"])
    assert len(mismatches) == 1
    assert mismatches.pop() >= 5 + 10
    assert "jumps 5 value 7\n" in capfd.readouterr().out


@pytest.mark.parametrize("mode", SHORT)
def test_a_denied_call_is_not_made(mode: str, capfd: pytest.CaptureFixture[str]) -> None:
    with started("hello", mode, parse_passes(["swi-filter{allow=exit+exit_group}"])) as process:
        stop = process.run()
        assert isinstance(stop, Trapped)
        assert stop.reason == "swi-denied"
        assert process.state["r7"] == 4
        assert "swi" in process.frontend.disassemble(process.memory, stop.pc).replace("svc", "swi")
        assert process.stats()["syscalls"] == {}
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("mode", SHORT)
@pytest.mark.parametrize("allow", ["write+exit", "4+0x1", "exit+write+read"])
def test_allowed_calls_are_made(allow: str, mode: str, capfd: pytest.CaptureFixture[str]) -> None:
    with started("hello", mode, parse_passes([f"swi-filter{{allow={allow}}}"])) as process:
        assert isinstance(process.run(), Exited)
    assert capfd.readouterr().out == "hello, world\n"


def test_a_filter_of_calls_that_do_not_exist() -> None:
    passes = parse_passes(["swi-filter{allow=levitate}"])
    with (
        pytest.raises(UsageError, match="no system call 'levitate'"),
        started("hello", "reference", passes),
    ):
        pass


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["hello", "selfmod", "oabi", "setjmp"])
def test_traced_calls_are_those_the_kernel_saw(name: str, mode: str) -> None:
    seen: list[int] = []
    with started(name, mode, parse_passes(["swi-trace"])) as process:

        def note(_immediate: int, _site: int, request: Request | IllegalTrap) -> None:
            assert isinstance(request, Request)
            seen.append(request.number)

        process.kernel.on_trap = note
        assert isinstance(process.run(), Exited)
        depth = process.stacks.depth("swi")
        traced = [process.stacks.pop("swi") for _ in range(depth)][::-1]
        counts = process.stats()["syscalls"]
    assert traced == seen
    assert len(traced) == sum(counts.values()) == process.counters["swi"]
