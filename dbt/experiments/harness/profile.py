"""Counts how often blocks are executed and functions are called, in one run of a program."""

import math
import random
from collections import Counter
from collections.abc import Sequence

import attrs

from dbt.experiments.harness.functions import functions_of
from dbt.experiments.harness.guest_run import Outcome, Program, Setting, run_once
from dbt.instrument.block_count import PREFIX, BlockCount
from dbt.ir.block import CONDITION_PASSED
from dbt.process import Process


@attrs.frozen
class Function:
    """A function that was called, and how often."""

    pc: int
    name: str
    calls: int


@attrs.frozen
class Profile:
    """Counts of one run with everything chained."""

    outcome: Outcome
    executions: dict[int, int]
    """Entries into blocks by pc. A conditional call counts at its test, and again when it is
    taken."""
    functions: tuple[Function, ...]
    """The most called first."""

    def targets(self, order: str, count: int, seed: int = 0) -> tuple[int, ...]:
        """The pcs of ``count`` executed blocks, or of all when there are fewer.

        The order ``hottest`` takes the most executed first; ``random`` draws them with the seed,
        so that a smaller count gives the beginning of a larger one. Raises ValueError for another
        order.
        """
        pcs = sorted(self.executions)
        if order == "random":
            random.Random(seed).shuffle(pcs)
        elif order == "hottest":
            pcs.sort(key=lambda pc: (-self.executions[pc], pc))
        else:
            raise ValueError(order)
        return tuple(pcs[:count])

    def spread_functions(self, count: int) -> tuple[Function, ...]:
        """Up to ``count`` functions from the most to the least called (``pick``)."""
        return pick(self.functions, count)


def pick(functions: Sequence[Function], count: int) -> tuple[Function, ...]:
    """``count`` functions, in their order, whose numbers of calls are spread evenly over a
    logarithmic scale, the first and the last function included."""
    if len(functions) <= count:
        return tuple(functions)
    high, low = (math.log(function.calls) for function in (functions[0], functions[-1]))
    left = list(functions)
    chosen = []
    for index in range(count):
        wanted = high + (low - high) * index / max(count - 1, 1)
        nearest = min(left, key=lambda function: abs(math.log(function.calls) - wanted))
        left.remove(nearest)
        chosen.append(nearest)
    return tuple(sorted(chosen, key=functions.index))


def take(program: Program) -> Profile:
    """Run the program once, in tier 0, with a counter in every block. Raises UsageError when it
    cannot be loaded."""
    executions: Counter[int] = Counter()
    entries: Counter[int] = Counter()
    names: dict[int, str] = {}

    def prepare(process: Process) -> None:
        names.update(functions_of(process))
        for pc in names:
            process.engine.add_boundary(pc)

    def finish(process: Process) -> None:
        for name, count in process.counters.snapshot(PREFIX).items():
            pc, _, mode = name.removeprefix(PREFIX).partition("@")
            executions[int(pc, 16)] += count
            if not int(mode or "0", 16) & CONDITION_PASSED:
                entries[int(pc, 16)] += count

    outcome = run_once(
        program, Setting(tier="0"), passes=[BlockCount()], prepare=prepare, finish=finish
    )
    found = [Function(pc, name, entries[pc]) for pc, name in names.items() if entries[pc]]
    found.sort(key=lambda function: (-function.calls, function.pc))
    counted = {pc: count for pc, count in executions.items() if count}
    return Profile(outcome, counted, tuple(found))
