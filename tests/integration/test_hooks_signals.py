"""Signals from outside reach a program whose hooks follow each other closely."""

import pytest
from support.guests import guest

from dbt.hooks import CallEvent
from dbt.hooks.mechanisms import NAMES
from dbt.interfaces import BackendOptions
from dbt.process import Process
from dbt.stops import Exited

pytestmark = pytest.mark.rotates("tier")


@pytest.mark.parametrize("mechanism", NAMES)
@pytest.mark.parametrize("kind", ["on_call", "on_return", "trace"])
def test_an_alarm_rings_between_hooks(tier: str, mechanism: str, kind: str) -> None:
    """The program makes no system call until then, and comes to a hook every few instructions."""
    program = str(guest("alarmed"))
    with Process(program, env={}, options=BackendOptions(tier=tier)) as process:
        seen: list[object] = []
        hooks = process.hooks
        if kind == "trace":
            hooks.trace("step", seen.append, mechanism=mechanism, syscalls=False)
        else:
            getattr(hooks, kind)("step", seen.append, mechanism=mechanism)
        assert process.run(timeout=5) == Exited(1)
        assert len(seen) == process.state["r4"] * (1 + (kind == "trace"))


def test_an_alarm_rings_where_one_block_leads_to_itself(tier: str) -> None:
    """Each arrival at the hooked instruction is one event, also where a handler ran before it."""
    program = str(guest("alarmed"))
    with Process(program, env={}, options=BackendOptions(tier=tier)) as process:
        seen: list[int] = []

        def call(event: CallEvent) -> None:
            seen.append(event.insns)

        process.hooks.on_call("step", call, depth=False)
        process.hooks.on_call("handler", call, depth=False)
        assert process.run(timeout=5) == Exited(1)
        assert len(seen) == process.state["r4"] + 1
        assert len(set(seen)) == len(seen)
