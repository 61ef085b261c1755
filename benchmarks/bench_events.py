"""What does it cost to notice a call, by the way that it is noticed?

Recursive fib runs a fixed number of instructions after a warm-up: without a hook, with a hook in
Python on its calls, traced, and recorded: kept, or given away as arrays. Beside it Unicorn, with a
Python hook on calls and one on calls and returns, and qemu-arm, whose log of blocks is read, run a
smaller fib to its end. Nanoseconds of processor time per event, beyond the program's own.
"""

import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from benchmarks.harness import GUESTS, arguments, interleave, report
from dbt.experiments.harness.guest_run import Program
from dbt.experiments.peers import Image, Seen, load_image, qemu, unicorn
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
    events = process.record(calls="fib", syscalls=False, most=1 << 30)
    return lambda: len(events)


def _given_away(process: Process) -> Count:
    seen = [0]

    def full(part: Any) -> None:
        seen[0] += len(part)

    events = process.record(calls="fib", syscalls=False, on_full=full)
    return lambda: seen[0] + len(events)


CASES: dict[str, tuple[Callable[[Process], Count], bool]] = {
    "no hook": (_nothing, False),
    "on_call, depth=False": (lambda process: _called(process, depth=False), True),
    "on_call": (lambda process: _called(process, depth=True), True),
    "trace": (_traced, True),
    "record": (_recorded, False),
    "record, on_full": (_given_away, False),
}
"""What sets a hook and returns how to count its events; whether it enters Python for each."""


def run(name: str, insns: int) -> tuple[float, int]:
    """Seconds per instruction and events of one run."""
    set_hook, enters = CASES[name]
    with Process(str(GUESTS / "fib.elf"), ["40"], env={}) as process:
        count = set_hook(process)
        process.run(max_insns=WARM // SHARE if enters else WARM)
        before, insns = count(), insns // SHARE if enters else insns
        start = time.process_time()
        process.run(max_insns=insns)
        return (time.process_time() - start) / insns, (count() - before) * SHARE**enters


FIB = str(GUESTS / "fib.elf")
ALONE = {"Unicorn": "Unicorn alone", "qemu-arm": "qemu-arm alone"}


def _ignored(record: object) -> None:
    del record


def peers(*, short: bool) -> dict[str, Callable[[], Seen]]:
    """What runs fib under the translators that are there, by the names of cases."""
    image: Image = load_image(Program(FIB, ("18" if short else "22",)))
    with Process(FIB, env={}) as process:
        fib = process.resolve("fib")
    names = {fib: "fib"}
    cases: dict[str, Callable[[], Seen]] = {}
    if unicorn.lacking() is None:
        cases[ALONE["Unicorn"]] = lambda: unicorn.watch(image, "none", {}, _ignored)
        cases["Unicorn, calls"] = lambda: unicorn.count_at(image, [fib])
        cases["Unicorn, calls and returns"] = lambda: unicorn.watch(
            image, "address", names, _ignored
        )
    if qemu.lacking() is None:
        cases[ALONE["qemu-arm"]] = lambda: qemu.watch(image, "none", {}, _ignored)
        cases["qemu-arm, calls and returns"] = lambda: qemu.watch(image, "block", names, _ignored)
    return cases


def main(argv: Sequence[str] | None = None) -> int:
    options = arguments(__doc__, argv)
    insns = 10_000_000 if options.short else 200_000_000
    events: dict[str, int] = {}

    def once(name: str) -> float:
        seconds, events[name] = run(name, insns)
        return seconds * insns

    def watched(name: str, peer: Callable[[], Seen]) -> float:
        seen = peer()
        events[name] = seen.events
        return seen.seconds

    others = peers(short=options.short)
    cases = {name: partial(once, name) for name in CASES}
    cases |= {name: partial(watched, name, peer) for name, peer in others.items()}
    timings = interleave(cases, options.repeats)
    alone = dict.fromkeys(CASES, "no hook")
    alone |= {name: ALONE[name.partition(",")[0]] for name in others if name not in ALONE.values()}
    rows: list[dict[str, Any]] = [
        {
            "case": name,
            "events": events[name],
            "ns per event": 1e9
            * (timings[name].median - timings[alone[name]].median)
            / max(1, events[name]),
            "least": 1e9
            * (min(timings[name].seconds) - min(timings[alone[name]].seconds))
            / max(1, events[name]),
            "spread": timings[name].spread,
        }
        for name in alone
        if name != "no hook"
    ]
    columns = ["case", "events", "ns per event", "least", "spread"]
    report("events: the calls of recursive fib", columns, rows, options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
