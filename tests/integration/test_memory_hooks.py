"""Hooks on memory: each access is reported once, and alike by both mechanisms in all tiers."""

from functools import cache
from typing import Any, TypeAlias

import pytest
from support.guests import guest

import dbt
from dbt.hooks import MemoryEvent
from dbt.interfaces import BackendOptions
from dbt.stops import Exited

pytestmark = pytest.mark.rotates("tier", "mechanism")
WATCHED = str(guest("watched"))
PAGES = 0x40000000
BORDER = PAGES + 4096
Seen: TypeAlias = list[tuple[Any, ...]]
"""Kind, pc, address, size, value, what was there before, and instructions completed."""


@pytest.fixture(params=["pages", "code"])
def mechanism(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def options(tier: str, checks: str = "mmu") -> BackendOptions:
    return BackendOptions(tier=tier, hot=2, background=False, memory_checks=checks)


def fields(event: MemoryEvent) -> tuple[Any, ...]:
    return (
        event.kind, event.pc, event.address, event.size, event.value, event.before, event.insns,
    )  # fmt: skip


def start(tier: str, checks: str = "mmu") -> dbt.Process:
    return dbt.Process(WATCHED, env={}, stdout=dbt.CAPTURE, options=options(tier, checks))


@cache
def truth(start_: int, stop: int, access: str) -> Seen:
    """What the reference backend, which checks each access by itself, reports of the guest."""
    seen: Seen = []
    with dbt.Process(WATCHED, env={}, stdout=dbt.CAPTURE, backend="reference") as process:
        process.hooks.on_memory(
            range(start_, stop), lambda event: seen.append(fields(event)), access, mechanism="code"
        )
        assert process.run() == Exited(0)
    return seen


@pytest.mark.parametrize("checks", ["mmu", "explicit"])
@pytest.mark.parametrize(
    ("where", "access"),
    [
        (range(BORDER, BORDER + 1), "w"),
        (range(BORDER - 2, BORDER), "r"),
        (range(BORDER - 4, BORDER + 4), "rw"),
    ],
)
def test_events_are_those_of_the_reference_backend(
    tier: str, mechanism: str, where: range, access: str, checks: str
) -> None:
    seen: Seen = []
    with start(tier, checks) as process:
        process.hooks.on_memory(
            where, lambda event: seen.append(fields(event)), access, mechanism=mechanism
        )
        assert process.run() == Exited(0)
        output = process.stdout
    assert seen == truth(where.start, where.stop, access)
    with start(tier, checks) as process:
        process.run()
        assert process.stdout == output
