"""Tables that are full are emptied, and the guest goes on."""

from types import ModuleType

import pytest
from support.guests import BENCHMARKS

from backends.numba_jit import tables
from backends.numba_jit.stencils import code_memory
from dbt.interfaces import TIERS, BackendOptions
from dbt.process import Process
from dbt.stops import Exited, InsnLimit

FIB = str(BENCHMARKS / "fib.elf")


def run(tier: str) -> tuple[object, int, int]:
    """How a run ends, its instructions, and the blocks that stand at its end."""
    with Process(
        FIB, ["10"], env={}, options=BackendOptions(tier=tier, hot=20, background=False)
    ) as process:
        stop = process.run()
        figures = process.stats()
        return stop, figures["instructions"], figures["backend"]["blocks"]


@pytest.mark.parametrize(
    ("module", "table", "size", "tier"),
    [
        *[(tables, "MAX_BLOCKS", 40, tier) for tier in TIERS],
        *[(tables, "MAX_SLOTS", 40, tier) for tier in TIERS],
        *[(code_memory, "CODE_BYTES", 22 << 10, tier) for tier in ("0", "auto")],
    ],
)
def test_the_guest_goes_on(
    monkeypatch: pytest.MonkeyPatch, module: ModuleType, table: str, size: int, tier: str
) -> None:
    stop, instructions, blocks = run(tier)
    assert stop == Exited(0)
    monkeypatch.setattr(module, table, size)
    again = run(tier)
    assert again[:2] == (stop, instructions)
    assert again[2] < blocks


@pytest.mark.parametrize("hot", [0, 1, 2**32 - 1, 2**32, 99999999999, 10**40])
def test_any_number_of_executions_may_be_hot(hot: int) -> None:
    with Process(FIB, ["10"], env={}, options=BackendOptions(hot=hot, background=False)) as process:
        assert isinstance(process.run(max_insns=20_000), Exited | InsnLimit)
        assert (process.stats()["backend"]["compiled_blocks"] == 0) == (hot > 1)
