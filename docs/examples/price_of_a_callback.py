"""One hook at every call and return of a program, at each of its four prices."""

import time
from pathlib import Path

import dbt
from dbt.hooks import Callback
from dbt.interfaces import BackendOptions

FIB = str(Path(__file__).parents[2] / "benchmarks" / "guests" / "fib.elf")


def hit(cells, pc, target):
    """Count events, and those that go forward."""
    cells[0] += 1
    if target > pc:
        cells[1] += 1


for price in ("inline", "numba-linked", "numba-pointer", "python"):
    watch = Callback(hit, cells=2, at="calls+returns", price=price)
    with dbt.Process(FIB, ["12"], passes=[watch], options=BackendOptions(tier="2")) as process:
        began = time.perf_counter()
        process.run()
        print(f"{price:14} {watch.values}  {time.perf_counter() - began:.1f} s")
