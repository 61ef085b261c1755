"""``verify``: the IR of every block is verified, also of those whose code is copied."""

import pytest
from support.guests import BENCHMARKS

from dbt.interfaces import TIERS, BackendOptions
from dbt.ir import verifier
from dbt.ir.block import Block, BlockKey
from dbt.ir.layout import Layout
from dbt.ir.verifier import VerifyError
from dbt.process import Process
from dbt.stops import Exited

FIB = str(BENCHMARKS / "fib.elf")
STAGES = 3


def verifying(tier: str) -> Process:
    return Process(FIB, ["5"], env={}, options=BackendOptions(tier=tier), verify=True)


@pytest.mark.parametrize("tier", TIERS)
def test_all_blocks_are_verified_after_each_stage(
    tier: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    verify, verified = verifier.verify, list[BlockKey]()

    def noted(block: Block, layout: Layout | None = None) -> None:
        verified.append(block.key)
        verify(block, layout)

    monkeypatch.setattr(verifier, "verify", noted)
    with verifying(tier) as process:
        assert process.run() == Exited(0)
        assert len(verified) >= STAGES * process.engine.translated_blocks > 0


def test_a_block_that_breaks_the_rules_is_never_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(block: Block, layout: Layout | None = None) -> None:
        raise VerifyError(block, 0, "refused")

    monkeypatch.setattr(verifier, "verify", refuse)
    with verifying("0") as process:
        with pytest.raises(VerifyError):
            process.run()
        assert process.engine.executed == 0


def test_verified_blocks_are_copied() -> None:
    with verifying("0") as process:
        assert process.run() == Exited(0)
        figures = process.stats()["backend"]
        assert figures["compiled_blocks"] == 0 < figures["copied_insns"]
