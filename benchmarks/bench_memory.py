"""What does it cost to watch memory? Quicksort, alone, with each kind of hook, and recorded.

The least processor time of whole runs, how many times as long as alone, and what one event adds:
one page watched that is never touched; a compiled counter on every store; Python on every store to
one word of the array, by its page and by code; every access as rows of arrays, which are dropped,
and in Python; and in Unicorn, alone and with Python on every store, and on the same word.
"""

import os
import sys
import time
from collections.abc import Sequence
from typing import Any

from benchmarks.harness import GUESTS, arguments, interleave, report
from dbt.experiments.harness.guest_run import Program
from dbt.experiments.peers import load_image, unicorn
from dbt.hooks import Callback, MemoryEvent
from dbt.hooks.arrays import EventArrays
from dbt.process import Process

PROGRAM = str(GUESTS / "quicksort.elf")
UNTOUCHED = range(0x70000000, 0x70000004)
WORD = "data+4"
ALONE = "alone"
RECORDED, EVERY = "recorded accesses", "Python on every access"
UNICORN = "Unicorn: "
CASES = (
    ALONE,
    "untouched page",
    "inline counter, every store",
    "numba-linked counter, every store",
    "Python, stores of one word, code",
    "Python, stores of one word, pages",
    RECORDED,
    EVERY,
)
SLOW = "Python, stores of one word, pages", EVERY
PEERS = tuple(
    UNICORN + name for name in (ALONE, "Python, stores of one word", "Python, every store")
)


def stores(cells: Any) -> None:
    """Count."""
    cells[0] += 1


def _run(name: str, rounds: str) -> tuple[float, int]:
    """Seconds of processor time, and how many events there were."""
    seen: list[int] = [0]

    def stored(_: MemoryEvent) -> None:
        seen[0] += 1

    def kept(part: EventArrays) -> None:
        seen[0] += len(part)

    priced = {name_: name_.partition(" ")[0] for name_ in CASES if "counter" in name_}
    passes = [Callback(stores, at="writes", price=priced[name])] if name in priced else []
    began = time.process_time()
    with Process(PROGRAM, [rounds], env={}, stdout=os.devnull, passes=passes) as process:
        if name == "untouched page":
            process.hooks.on_memory(UNTOUCHED, stored)
        elif name == RECORDED:
            process.record(calls=False, syscalls=False, memory=True, on_full=kept)
        elif name == EVERY:
            process.hooks.on_memory(None, stored)
        elif name.startswith("Python"):
            mechanism = name.rpartition(" ")[2]
            process.hooks.on_memory(WORD, stored, "w", mechanism=mechanism)
        process.run()
        seconds = time.process_time() - began
    return seconds, passes[0].values[0] if passes else seen[0]


def _peer(name: str, rounds: str) -> tuple[float, int]:
    image = load_image(Program(PROGRAM, (rounds,)))
    if name.endswith(ALONE):
        seen, _ = unicorn.writes(image, UNTOUCHED)
    elif name.endswith("word"):
        with Process(PROGRAM, env={}) as process:
            start = process.resolve("data")
        seen, _ = unicorn.writes(image, range(start, start + 4))
    else:
        seen, _ = unicorn.writes(image, range(1 << 32))
    return seen.seconds, seen.events


def main(argv: Sequence[str] | None = None) -> int:
    options = arguments(__doc__, argv)
    many, some, few = ("2", "1", "1") if options.short else ("1000", "50", "3")
    events: dict[str, float] = {}

    def once(name: str) -> float:
        peer = name.startswith(UNICORN)
        rounds = few if peer or name in SLOW else some if name == RECORDED else many
        seconds, count = (_peer if peer else _run)(name, rounds)
        events[name] = count / int(rounds)
        return seconds / int(rounds)

    wanted = [*CASES, *(() if unicorn.lacking() else PEERS)]
    if options.only:
        wanted = [name for name in wanted if name == ALONE or name in options.only]
    timings = interleave({name: lambda name=name: once(name) for name in wanted}, options.repeats)
    rows: list[dict[str, Any]] = []
    for name, timing in timings.items():
        base = timings[UNICORN + ALONE if name.startswith(UNICORN) else ALONE]
        least = min(timing.seconds)
        row = {"case": name, "ms per round": least * 1e3, "times": least / min(base.seconds)}
        every = name in (RECORDED, EVERY)
        more = (least - min(base.seconds)) / events[name] * 1e9 if every else None
        rows.append({**row, "ns per event": more, "events": events[name], "spread": timing.spread})
    columns = ["case", "ms per round", "times", "ns per event", "events", "spread"]
    report("memory: what watching it costs quicksort", columns, rows, options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
