"""``bind`` and ``attach``: what a process gives to passes that ask for more than blocks."""

from pathlib import Path
from typing import Any

import pytest

import dbt
from dbt.interfaces import Pass
from dbt.ir.block import Block
from dbt.ir.builder import Builder
from dbt.stops import Exited, UsageError

HELLO = str(Path(__file__).parents[2] / "guests" / "hello.elf")


class Asking:
    """A pass that notes what it is called with."""

    def __init__(self, calls: list[tuple[str, Any]]) -> None:
        self.calls = calls

    def run(self, block: Block) -> None:
        self.calls.append(("run", block))


class Binding(Asking):
    """One that another one takes the place of."""

    def bind(self, abi: Any) -> Pass:
        self.calls.append(("bind", abi))
        return Attaching(self.calls)


class Attaching(Asking):
    def attach(self, process: Any) -> None:
        self.calls.append(("attach", process))
        process.counters.index("attached")

    def run(self, block: Block) -> None:
        super().run(block)
        Builder(block.insts).count("attached")


def process(*passes: Pass) -> dbt.Process:
    return dbt.Process(HELLO, passes=passes, backend="reference")


def test_bind_comes_first_then_attach_then_blocks() -> None:
    calls: list[tuple[str, Any]] = []
    with process(Binding(calls)) as made:
        assert [name for name, _ in calls] == ["bind", "attach"]
        assert made.run() == Exited(0)
        assert calls[0][1].name_of(4) == "write"
        assert calls[1][1] is made
        assert {name for name, _ in calls[2:]} == {"run"}
        assert made.counters["attached"] >= len(calls[2:]) > 0


def test_a_pass_that_asks_for_nothing_gets_blocks_alone() -> None:
    calls: list[tuple[str, Any]] = []
    with process(Asking(calls)) as made:
        assert calls == []
        made.run()
        assert {name for name, _ in calls} == {"run"}


@pytest.mark.parametrize("asks", ["bind", "attach"])
def test_a_pass_may_refuse(asks: str) -> None:
    class Refusing(Asking):
        pass

    def refuse(self: Refusing, given: Any) -> Pass:
        raise UsageError("not here")

    setattr(Refusing, asks, refuse)
    with pytest.raises(UsageError, match="not here"):
        process(Refusing([]))
