"""Microseconds per guest instruction of each stage that runs in Python: lift, then each pass."""

import sys
import time
from collections.abc import Sequence
from typing import Any

from benchmarks.harness import GUESTS, arguments, report
from dbt.experiments.speed import small
from dbt.ir.block import Block, BlockKey
from dbt.passes.pipeline import Pipeline
from dbt.process import Process
from dbt.stops import GuestFault


def blocks_of(program: str) -> tuple[list[tuple[BlockKey, Block]], float, int]:
    """Every block reached by lifting a program's text straight through; seconds, instructions."""
    process = Process(program, ["1"], env={}, backend="reference")
    try:
        frontend, memory = process.frontend, process.memory
        lifted: list[tuple[BlockKey, Block]] = []
        pc = process.resolve("_start")
        insns = 0
        begun = time.perf_counter()
        while True:
            key = BlockKey(pc, 0)
            try:
                block = frontend.lift(memory, key)
            except GuestFault:
                break
            lifted.append((key, block))
            count = max(sum(inst.op.name == "insn" for inst in block.insts), 1)
            insns += count
            pc += 4 * count
            if len(lifted) > 3000 or pc > process.resolve("_start") + 0x800:
                break
        return lifted, time.perf_counter() - begun, insns
    finally:
        process.close()


def main(argv: Sequence[str] | None = None) -> int:
    options = arguments(__doc__, argv)
    rows: list[dict[str, Any]] = []
    names = [program.name for program in small.PROGRAMS if program.group == small.GROUP]
    named = [name for name in names if not options.only or name in options.only]
    for name in named[: 2 if options.short else None]:
        lift = passes = 0.0
        total = ops = 0
        for _ in range(options.repeats):
            lifted, seconds, insns = blocks_of(str(GUESTS / f"{name}.elf"))
            lift += seconds
            total += insns
            pipeline = Pipeline.default()
            begun = time.perf_counter()
            for _key, block in lifted:
                pipeline.run(block)
            passes += time.perf_counter() - begun
            ops += sum(len(block.insts) for _key, block in lifted)
        rows.append(
            {
                "program": name,
                "instructions": total // options.repeats,
                "lift µs": lift / total * 1e6,
                "passes µs": passes / total * 1e6,
                "IR ops per instruction": ops / total,
            }
        )
    columns = ["program", "instructions", "lift µs", "passes µs", "IR ops per instruction"]
    report("cost of translation in Python, per guest instruction", columns, rows, options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
