"""What does a return to the dispatcher cost, and what does chaining save?

Recursive fib runs a fixed number of instructions with chaining on, with direct links only, off, and
with its entry denied: nanoseconds per instruction and per return to the dispatcher.
"""

import sys
import time
from collections.abc import Sequence
from typing import Any

from benchmarks.harness import arguments, interleave, report
from dbt.interfaces import BackendOptions
from dbt.process import Process

PROGRAM = "fib"
CASES = {
    "chain all": ("all", False),
    "chain direct": ("direct", False),
    "chain off": ("off", False),
    "fib denied": ("all", True),
}


def run(tier: str, chain: str, denied: bool, insns: int) -> dict[str, float]:
    """Seconds, blocks dispatched and instructions of one run, after a warm-up of the same code."""
    from benchmarks.harness import GUESTS

    program = str(GUESTS / f"{PROGRAM}.elf")
    options = BackendOptions(tier=tier)
    process = Process(program, ["40"], env={}, options=options, chain=chain)
    try:
        if denied:
            process.chain.deny(process.resolve("fib"))
        process.run(max_insns=20_000)
        before = sum(process.executor.dispatches().values())
        start = time.perf_counter()
        process.run(max_insns=insns)
        seconds = time.perf_counter() - start
        dispatches = sum(process.executor.dispatches().values()) - before
        return {"seconds": seconds, "dispatches": dispatches, "insns": insns}
    finally:
        process.close()


def main(argv: Sequence[str] | None = None) -> int:
    options = arguments(__doc__, argv)
    insns = 2_000_000 if options.short else 100_000_000
    rows: list[dict[str, Any]] = []
    for tier in ("0", "2"):
        figures: dict[str, dict[str, float]] = {}

        def once(name: str, tier: str = tier, figures: Any = figures) -> float:
            chain, denied = CASES[name]
            figures[name] = run(tier, chain, denied, insns)
            return float(figures[name]["seconds"])

        contenders = {name: lambda name=name: once(name) for name in CASES}
        timings = interleave(contenders, options.repeats)
        chained = timings["chain all"].median
        for name, timing in timings.items():
            dispatches = figures[name]["dispatches"]
            extra = (timing.median - chained) / dispatches * 1e9 if dispatches > 1000 else None
            rows.append(
                {
                    "case": f"tier {tier}, {name}",
                    "ns per insn": timing.median / insns * 1e9,
                    "dispatches": int(dispatches),
                    "ns per dispatch": extra,
                    "spread": timing.spread,
                }
            )
    columns = ["case", "ns per insn", "dispatches", "ns per dispatch", "spread"]
    report("dispatch: recursive fib", columns, rows, options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
