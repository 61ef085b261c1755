"""The life of a block: the same stages for running and explaining, stubs checked like all others."""

from collections.abc import Callable

import attrs
import pytest
from support.toy_frontend import ToyFrontend, assemble

from dbt.interfaces import Attached, Bound, Pass
from dbt.ir.block import Block, BlockKey, Hook
from dbt.ir.builder import Builder
from dbt.ir.verifier import VerifyError
from dbt.log import Log
from dbt.translate import Translator

AT = 0x8000


@attrs.frozen
class Code:
    code: bytes

    def fetch(self, address: int, size: int) -> bytes:
        return self.code[address - AT : address - AT + size]


class CountBlocks:
    def run(self, block: Block) -> None:
        Builder(block.insts).count("blocks")


def translator(**options: object) -> Translator:
    code, _ = assemble("put alpha, 1\nput alpha, 2\nhalt", AT)
    return Translator(ToyFrontend(), Code(code), [CountBlocks()], **options)  # type: ignore[arg-type]


def test_explaining_and_running_see_the_same_stages() -> None:
    written: list[tuple[str, str]] = []
    log = Log(["in_asm", "ir", "ir_instr", "ir_opt"])
    log.write = lambda item, text: written.append((item, text))  # type: ignore[method-assign]
    made = translator(log=log)
    made.translate(BlockKey(AT))
    told = made.stages(BlockKey(AT))
    assert list(told.items()) == written
    assert list(told) == ["in_asm", "ir", "ir_instr", "ir_opt"]
    assert "count" not in told["ir"]
    assert "count blocks" in told["ir_instr"]


@pytest.mark.parametrize(("verify", "fails"), [(True, True), (False, False)])
def test_a_stub_is_verified_too(verify: bool, fails: bool) -> None:
    made = translator(verify=verify)
    wrong = Block(BlockKey(AT), [], Hook(BlockKey(AT)))
    Builder(wrong.insts).get("no such slot")
    made.stub = lambda key: wrong
    if fails:
        with pytest.raises(VerifyError):
            made.translate(BlockKey(AT))
    else:
        assert made.translate(BlockKey(AT)) is wrong


class Plain:
    def run(self, block: Block) -> None: ...


class Both(Plain):
    def bind(self, abi: object) -> Pass:
        return self

    def attach(self, process: object) -> None: ...


@pytest.mark.parametrize(("made", "more"), [(Plain, False), (Both, True)])
def test_what_a_pass_may_ask_for_beside_blocks(made: Callable[[], Pass], more: bool) -> None:
    assert isinstance(made(), Bound) == more
    assert isinstance(made(), Attached) == more
