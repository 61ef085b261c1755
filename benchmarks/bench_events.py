"""What does it cost to notice a call, by the way that it is noticed?

Recursive fib runs a fixed number of instructions after a warm-up: without a hook, with a hook in
Python on its calls, traced, and recorded. Nanoseconds of processor time per event, beyond the
program's own.
"""

import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.harness import arguments, interleave, report
from dbt.process import Process

Count = Callable[[], int]
WARM, SHARE = 3_000_000, 100
"""Instructions of the warm-up; how many times fewer those with Python take that are measured."""


def _nothing(process: Process) -> Count:
    del process
    return lambda: 0


def _called(process: Process, *, depth: bool) -> Count:
    seen = [0]

    def hook(event: object) -> None:
        del event
        seen[0] += 1

    process.hooks.on_call("fib", hook, depth=depth)
    return lambda: seen[0]


def _traced(process: Process) -> Count:
    seen: list[object] = []
    process.hooks.trace("fib", seen.append, syscalls=False)
    return lambda: len(seen)


def _recorded(process: Process) -> Count:
    recording = process.hooks.record("fib", syscalls=False)
    return lambda: len(recording)


CASES: dict[str, tuple[Callable[[Process], Count], bool]] = {
    "no hook": (_nothing, False),
    "on_call, depth=False": (lambda process: _called(process, depth=False), True),
    "on_call": (lambda process: _called(process, depth=True), True),
    "trace": (_traced, True),
    "record": (_recorded, False),
}
"""What sets a hook and returns how to count its events; whether it enters Python for each."""


def run(name: str, insns: int) -> tuple[float, int]:
    """Seconds per instruction and events of one run."""
    from benchmarks.harness import GUESTS

    set_hook, enters = CASES[name]
    with Process(str(GUESTS / "fib.elf"), ["40"], env={}) as process:
        count = set_hook(process)
        process.run(max_insns=WARM // SHARE if enters else WARM)
        before, insns = count(), insns // SHARE if enters else insns
        start = time.process_time()
        process.run(max_insns=insns)
        return (time.process_time() - start) / insns, (count() - before) * SHARE**enters


def main(argv: Sequence[str] | None = None) -> int:
    options = arguments(__doc__, argv)
    insns = 10_000_000 if options.short else 200_000_000
    events: dict[str, int] = {}

    def once(name: str) -> float:
        seconds, events[name] = run(name, insns)
        return seconds

    timings = interleave({name: lambda name=name: once(name) for name in CASES}, options.repeats)
    alone = timings["no hook"].median
    rows: list[dict[str, Any]] = [
        {
            "case": name,
            "ns per insn": timing.median * 1e9,
            "events": events[name],
            "ns per event": (timing.median - alone) * insns / max(1, events[name]) * 1e9,
            "spread": timing.spread,
        }
        for name, timing in timings.items()
        if name != "no hook"
    ]
    columns = ["case", "ns per insn", "events", "ns per event", "spread"]
    report("events: the calls of recursive fib", columns, rows, options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
