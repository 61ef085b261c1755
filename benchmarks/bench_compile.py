"""What does it cost to make code: first run, cached start, and each tier per block?

The cold start needs an empty cache: NUMBA_CACHE_DIR points to a fresh directory for one run.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs

from benchmarks.harness import GUESTS, arguments, interleave, report
from dbt.interfaces import BackendOptions, Pass
from dbt.ir import ops
from dbt.ir.block import Block, Inst
from dbt.process import Process

HELLO = Path(__file__).resolve().parents[1] / "tests" / "guests" / "hello.elf"


def start(environment: dict[str, str]) -> float:
    """Seconds of a whole process that runs a program of a few instructions."""
    command = [sys.executable, "-m", "dbt", "run", str(HELLO)]
    begun = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, **environment})
    return time.perf_counter() - begun


@attrs.frozen
class CountBlocks:
    """Counts blocks, and names no place: it sees whole blocks."""

    def run(self, block: Block) -> None:
        block.insts.insert(0, Inst(ops.COUNT, (), None, ("blocks",)))


@attrs.frozen
class NewExits:
    """Gives each block a new exit that is as the old one: no block can be copied."""

    def run(self, block: Block) -> None:
        block.exit = attrs.evolve(block.exit)


PASSES: dict[str, list[Pass]] = {
    "a pass that adds to instructions": [CountBlocks()],
    "a pass that changes exits": [NewExits()],
}


def per_block(tier: str, insns: int, passes: Sequence[Pass] = ()) -> dict[str, float]:
    """Milliseconds per block of everything between the bytes and installed code."""
    options = BackendOptions(tier=tier)
    process = Process(str(GUESTS / "lz.elf"), ["1"], env={}, options=options, passes=passes)
    try:
        begun = time.perf_counter()
        process.run(max_insns=insns)
        seconds = time.perf_counter() - begun
        translator = process.translator
        blocks = max(process.engine.translated_blocks, 1)
        return {
            "blocks": blocks,
            "lift ms": translator.lift_seconds / blocks * 1e3,
            "passes ms": translator.pass_seconds / blocks * 1e3,
            "whole run ms": seconds / blocks * 1e3,
        }
    finally:
        process.close()


def main(argv: Sequence[str] | None = None) -> int:
    options = arguments(__doc__, argv)
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="armdbt-cold-") as cold:
        fresh = {"ARMDBT_CACHE": cold}
        if not options.short:
            rows.append({"what": "first run, nothing cached", "s": start(fresh)})
        timing = interleave({"start": lambda: start({})}, options.repeats)["start"]
    rows.append({"what": "cached start to end of hello", "s": timing.median})
    rows.extend(
        {"what": f"tier {tier}, blocks of lz", **per_block(tier, 300_000)}
        for tier in ("0", "1", "2")
    )
    rows.extend(
        {"what": f"tier 0 with {name}, blocks of lz", **per_block("0", 300_000, passes)}
        for name, passes in PASSES.items()
    )
    columns = ["what", "s", "blocks", "lift ms", "passes ms", "whole run ms"]
    report("cost of making code", columns, rows, options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
