"""Passes that are built into stencils, and do what cannot be built in or what none may do."""

from typing import ClassVar, Literal

import attrs
import pytest
from support.guests import guest

from dbt.interfaces import BackendOptions, Pass, Place
from dbt.ir.block import Block
from dbt.ir.builder import Builder
from dbt.ir.types import I1, I8
from dbt.ir.verifier import VerifyError
from dbt.process import Process
from dbt.stops import Stop, Trapped

PLACES: tuple[Place, ...] = ("head", "instruction", "exit")


def ended(pass_: Pass, tier: Literal["0", "2"]) -> Stop:
    with Process(
        str(guest("hello")), env={}, passes=[pass_], options=BackendOptions(tier=tier)
    ) as process:
        return process.run()


def wrong(where: Place) -> Pass:
    """A pass whose code is not kept on disk: it is no class of a module."""

    @attrs.frozen
    class Wrong:
        place: ClassVar[Place] = where

        def run(self, block: Block) -> None:
            emit = Builder(block.insts)
            emit.set("r3", emit.const(1, I8))

    return Wrong()


@pytest.mark.parametrize("where", PLACES)
def test_what_a_pass_makes_is_verified(where: Place) -> None:
    with pytest.raises(VerifyError, match=r"Wrong: .*slot r3 is i32, not i8"):
        ended(wrong(where), "0")


def trapping(where: Place) -> Pass:
    @attrs.frozen
    class Trapping:
        place: ClassVar[Place] = where

        def run(self, block: Block) -> None:
            emit = Builder([])
            emit.trap_if(emit.const(1, I1), f"at {block.key.pc:#x}")
            block.insts[:0] = emit.insts

    return Trapping()


@pytest.mark.parametrize("where", PLACES)
def test_the_reason_of_a_trap_may_have_a_number_in_it(where: Place) -> None:
    stop = ended(trapping(where), "0")
    assert isinstance(stop, Trapped)
    assert stop.reason == f"at {stop.pc:#x}"
    assert stop == ended(trapping(where), "2")
