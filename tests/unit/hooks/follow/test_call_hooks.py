"""Events of calls are made field by field: as the class makes them, and with the machine's figures."""

from pathlib import Path

import attrs
import pytest

import dbt
from dbt.hooks import CallEvent
from dbt.hooks.machine import HookMachine
from dbt.hooks.mechanisms import NAMES
from dbt.stops import Exited

FIB = str(Path(__file__).parents[4] / "benchmarks" / "guests" / "fib.elf")
FIELDS = attrs.fields(CallEvent)


@pytest.mark.parametrize("depth", [True, False])
@pytest.mark.parametrize("mechanism", NAMES)
def test_an_event_is_as_its_class_makes_it(mechanism: str, depth: bool) -> None:
    seen: list[int] = []

    def compare(event: CallEvent) -> None:
        given = {field.alias: getattr(event, field.name) for field in FIELDS}
        machine = given["guest"]
        assert isinstance(machine, HookMachine)
        assert CallEvent(**given) == event
        assert {f.name: given[f.alias] for f in FIELDS if f.default is not attrs.NOTHING} == {
            f.name: f.default for f in FIELDS if f.default is not attrs.NOTHING
        }
        assert (event.insns, event.thread) == machine.moment()
        seen.append(event.insns)

    with dbt.Process(FIB, ["5"], env={}) as process:
        process.hooks.on_call("fib", compare, mechanism=mechanism, depth=depth)
        assert isinstance(process.run(), Exited)
    assert len(set(seen)) == 15
