"""The pipeline: order, switches, costs, checks."""

import attrs
import pytest
from support.rig import LAYOUT

from dbt.ir import ops
from dbt.ir.block import Block, Inst
from dbt.ir.parser import parse_block
from dbt.ir.types import I32
from dbt.ir.verifier import VerifyError
from dbt.passes.pipeline import Pipeline
from dbt.stops import UsageError

TEXT = "block 0x0 {\n %0:i32 = get r0\n %1:i32 = add %0, 0x0\n set r1 %1\n goto 0x4\n}"


@attrs.frozen
class Breaks:
    """Breaks the law."""

    def run(self, block: Block) -> None:
        block.insts.append(Inst(ops.GET, (), I32))


def test_switches() -> None:
    names = Pipeline.default().names()
    assert Pipeline.default().without(["peephole"]).names() == [n for n in names if n != "peephole"]
    assert Pipeline.default().only(["dead-code", "const-fold"]).names() == [
        "const-fold",
        "dead-code",
    ]
    for wrong in (Pipeline.default().without, Pipeline.default().only):
        with pytest.raises(UsageError, match="no pass 'frob'"):
            wrong(["frob"])


def test_a_pass_switched_off_does_not_run() -> None:
    block = parse_block(TEXT)
    Pipeline.default().without(["peephole"]).run(block)
    assert [inst.op for inst in block.insts] == [ops.GET, ops.ADD, ops.SET]
    block = parse_block(TEXT)
    Pipeline.default().run(block)
    assert [inst.op for inst in block.insts] == [ops.GET, ops.SET]


def test_costs_are_kept_by_name() -> None:
    pipeline = Pipeline(Pipeline.default().passes, timed=True)
    for _ in range(3):
        pipeline.run(parse_block(TEXT))
    assert list(pipeline.costs) == pipeline.names()
    cost = pipeline.costs["dead-code"]
    assert (cost.blocks, cost.ops_before, cost.ops_after) == (3, 6, 6)
    assert cost.microseconds > 0
    assert pipeline.costs["peephole"].ops_after == 6 < pipeline.costs["peephole"].ops_before


def test_checked_pipeline_names_the_breach() -> None:
    Pipeline([Breaks()]).run(parse_block(TEXT))
    with pytest.raises(VerifyError, match="takes 1 immediates"):
        Pipeline([Breaks()], layout=LAYOUT).run(parse_block(TEXT))
