"""Instructions of floating point in copied code: they call functions by a table."""

import pytest
from support.guests import guest

import dbt.execute
from backends.numba_jit.stencils.float_calls import CALLS, fits
from backends.numba_jit.units.float_text import FUNCTIONS, OF_BITS, functions
from dbt.instrument.block_count import BlockCount
from dbt.interfaces import BackendOptions
from dbt.ir import ops
from dbt.ir.block import Const, Inst
from dbt.ir.types import F32, F64, I32
from dbt.process import Process
from dbt.stops import Exited


@pytest.mark.parametrize("checks", ["mmu", "explicit"])
def test_only_the_first_instruction_is_left_to_the_evaluator(
    checks: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    steps, execute = [], dbt.execute.execute

    def counted(block, *arguments):  # type: ignore[no-untyped-def]
        steps.append(block)
        return execute(block, *arguments)

    monkeypatch.setattr(dbt.execute, "execute", counted)
    options = BackendOptions(tier="0", memory_checks=checks)
    process = Process(str(guest("floats")), env={}, options=options)
    assert process.run() == Exited(0)
    assert process.stats()["backend"]["compiled_blocks"] == 0
    process.close()
    assert "fused" in capfd.readouterr().out
    (block,) = steps
    assert any(inst.op.has_status for inst in block.insts)


def test_every_scalar_op_is_a_call_of_a_function_that_is_there() -> None:
    """Those on vectors, and the lesser and greater of two, are compiled."""
    scalar = {op for op in ops.OPS.values() if op.has_status and not op.name.startswith("v")}
    assert CALLS.keys() == scalar - {ops.FMIN, ops.FMAX}
    text = functions()
    for name in FUNCTIONS:
        assert f" @{name}(" in text
        assert f" @{name}{OF_BITS}(" in text


@pytest.mark.parametrize(("imm", "fit"), [((32, 0), True), ((16, 0), False), ((32, 1), False)])
def test_conversions_of_whole_words_fit(imm: tuple[int, ...], fit: bool) -> None:
    operand = Const(0, F64), Const(0, I32)
    assert fits(Inst(ops.F_TO_SINT, operand, I32, imm)) is fit
    assert fits(Inst(ops.FADD, (Const(0, F32), *operand[1:]), F32))


def test_beside_passes_nothing_is_left_to_the_evaluator(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """It would not count what is added to the instruction."""
    steps = []
    monkeypatch.setattr(dbt.execute, "execute", lambda *_: steps.append(1))
    options = BackendOptions(tier="0")
    process = Process(str(guest("floats")), env={}, options=options, passes=[BlockCount()])
    assert process.run() == Exited(0)
    process.close()
    assert steps == []
