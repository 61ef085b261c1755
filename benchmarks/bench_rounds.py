"""How long does a round of a fuzzing loop take: write an input, call a function, go back?

The function sums up eight bytes and adds the sum to a global variable, so each round writes to
two pages. Microseconds of processor time per round: alone, with edges counted (the counters of each
round are looked at and set to 0), with a whole program in place of the function, and in Unicorn,
where ``context_restore`` puts registers back, and writing the page of the variable puts memory
back.
"""

import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.harness import arguments, interleave, report
from dbt.process import Process

PROGRAM = Path(__file__).resolve().parents[1] / "tests" / "guests" / "callable.elf"
INPUT, PAGE, WARM = b"abcdefgh", 4096, 300
Round = Callable[[], None]


def _calling(process: Process, *, looking: bool) -> Round:
    """A round that calls a function. ``looking``: at the counters, too."""
    buffer = process.state["r13"] - PAGE
    snapshot, counters = process.snapshot(), process.counters
    seen: set[bytes] = set()

    def once() -> None:
        process.memory.write(buffer, INPUT)
        process.call("sum", buffer, len(INPUT))
        if looking:
            seen.add(bytes(counters.values))
            counters.clear()
        process.restore(snapshot)

    return once


def _whole(process: Process) -> Round:
    """A round that runs the program to its end."""
    snapshot = process.snapshot()

    def once() -> None:
        process.run()
        process.restore(snapshot)

    return once


def _unicorn() -> Round | None:
    """The same round in Unicorn; None where it cannot run."""
    from dbt.experiments.peers.unicorn import lacking

    if lacking():
        return None
    from unicorn import UC_ARCH_ARM, UC_MODE_ARM, Uc
    from unicorn import arm_const as arm

    with Process(str(PROGRAM), env={}) as process:
        areas = [(area.start, area.end) for area in process.kernel.space.areas]
        content = [(start, process.memory.peek(start, end - start)) for start, end in areas]
        function, variable = process.resolve("sum"), process.resolve("counter")
        stack = process.state["r13"]
    engine = Uc(UC_ARCH_ARM, UC_MODE_ARM)
    for start, data in content:
        engine.mem_map(start, len(data))
        engine.mem_write(start, data)
    back, page = 0xF0000000, variable & -PAGE
    engine.mem_map(back, PAGE)
    engine.reg_write(arm.UC_ARM_REG_SP, stack)
    context, kept = engine.context_save(), bytes(engine.mem_read(page, PAGE))
    buffer = stack - PAGE

    def once() -> None:
        engine.mem_write(buffer, INPUT)
        engine.reg_write(arm.UC_ARM_REG_R0, buffer)
        engine.reg_write(arm.UC_ARM_REG_R1, len(INPUT))
        engine.reg_write(arm.UC_ARM_REG_LR, back)
        engine.emu_start(function, back)
        engine.mem_write(page, kept)
        engine.context_restore(context)

    return once


def resident() -> int:
    """Bytes of memory that this process has."""
    with open("/proc/self/statm", "rb") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def timed(once: Round | None, rounds: int) -> tuple[float, int]:
    """Seconds of processor time, and bytes by which memory has grown, after a warm-up."""
    if once is None:
        return 0.0, 0
    for _ in range(WARM):
        once()
    memory, start = resident(), time.process_time()
    for _ in range(rounds):
        once()
    return time.process_time() - start, resident() - memory


def _run(name: str, rounds: int) -> tuple[float, int]:
    if name == "Unicorn":
        return timed(_unicorn(), rounds)
    passes = ["edge-count"] if name == "call, edges counted" else []
    whole = {"stdin": INPUT, "stdout": os.devnull} if name == "whole program" else {}
    with Process(str(PROGRAM), env={}, passes=passes, **whole) as process:
        if whole:
            return timed(_whole(process), rounds // 10)
        return timed(_calling(process, looking=bool(passes)), rounds)


CASES = ("call", "call, edges counted", "whole program", "Unicorn")


def main(argv: Sequence[str] | None = None) -> int:
    options = arguments(__doc__, argv)
    rounds = 200 if options.short else 20_000
    grown: dict[str, int] = {}

    def once(name: str) -> float:
        seconds, grown[name] = _run(name, rounds)
        return seconds

    timings = interleave({name: lambda name=name: once(name) for name in CASES}, options.repeats)
    rows: list[dict[str, Any]] = []
    for name, timing in timings.items():
        each = timing.median / (rounds // 10 if name == "whole program" else rounds)
        if each:
            row = {"case": name, "us per round": each * 1e6, "rounds per second": 1 / each}
            rows.append({**row, "KiB grown": grown[name] / 1024, "spread": timing.spread})
    columns = ["case", "us per round", "rounds per second", "KiB grown", "spread"]
    report("rounds: write an input, call a function, go back", columns, rows, options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
