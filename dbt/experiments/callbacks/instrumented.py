"""Ways to instrument every block, every call, or every call and return of a program."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from dbt.experiments.harness.guest_run import Outcome, Program, Setting, run_once
from dbt.instrument.block_count import BlockCount
from dbt.instrument.call_count import CallCount
from dbt.interfaces import Pass
from dbt.process import Process

Counted: TypeAlias = tuple[Outcome, int]
"""What a run showed, and how many events it had."""
Run: TypeAlias = Callable[[Program, Setting], Counted]


def _with_pass(make: Callable[[], Pass]) -> Run:
    """A run with a pass that counts in IR."""

    def run(program: Program, setting: Setting) -> Counted:
        events = 0

        def finish(process: Process) -> None:
            nonlocal events
            events = sum(process.counters.snapshot().values())

        return run_once(program, setting, passes=[make()], finish=finish), events

    return run


def _recorded(program: Program, setting: Setting) -> Counted:
    kept: list[Any] = []
    events = 0

    def prepare(process: Process) -> None:
        kept.append(process.hooks.record(syscalls=False))

    def finish(process: Process) -> None:
        nonlocal events
        del process
        events = len(kept[0])

    return run_once(program, setting, prepare=prepare, finish=finish), events


def _on_call(*, depth: bool) -> Run:
    def run(program: Program, setting: Setting) -> Counted:
        seen = [0]

        def hook(event: object) -> None:
            del event
            seen[0] += 1

        def prepare(process: Process) -> None:
            for pc in process.kernel.symbolizer.functions():
                process.hooks.on_call(pc, hook, depth=depth)

        return run_once(program, setting, prepare=prepare), seen[0]

    return run


INSTRUMENTED: Mapping[str, tuple[str, Run]] = {
    "every block": ("counter", _with_pass(BlockCount)),
    "every call and return": ("counter", _with_pass(CallCount)),
    "functions: record": ("native", _recorded),
    "functions: on_call": ("python", _on_call(depth=True)),
    "functions: on_call, depth=False": ("python", _on_call(depth=False)),
}
"""What is instrumented, with its price and what runs a program so. A program's functions are those
that its symbol tables name."""
