"""The chain policy by itself: what it permits, when it tells."""

from collections.abc import Collection

import pytest

from dbt.interfaces import LinkKind
from dbt.runtime.chaining import ChainPolicy
from dbt.stops import UsageError


@pytest.mark.parametrize(
    ("mode", "kinds"), [("off", set()), ("direct", {LinkKind.DIRECT}), ("all", set(LinkKind))]
)
def test_modes(mode: str, kinds: set[LinkKind]) -> None:
    assert ChainPolicy(mode).kinds == kinds
    policy = ChainPolicy()
    policy.set_mode(mode)
    assert policy.kinds == kinds


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(UsageError, match=r"no chain mode 'sideways' \(one of off, direct, all\)"):
        ChainPolicy("sideways")


def test_denials_by_pc_and_range() -> None:
    policy = ChainPolicy()
    policy.deny(0x8000, 0x8010)
    policy.deny_range(0x9000, 0x9010)
    refused = [
        pc
        for pc in (0x7FFC, 0x8000, 0x8010, 0x8FFC, 0x9000, 0x900C, 0x9010)
        if not policy.permits(pc)
    ]
    assert refused == [0x8000, 0x8010, 0x9000, 0x900C]
    assert policy.boundaries() == {0x8000, 0x8010}
    policy.allow(0x8000)
    policy.allow_range(0x9000, 0x9010)
    assert policy.permits(0x8000)
    assert policy.permits(0x9000)
    assert not policy.permits(0x8010)
    with pytest.raises(UsageError, match=r"no range 0x9000\.\.0x9010"):
        policy.allow_range(0x9000, 0x9010)


def test_only() -> None:
    policy = ChainPolicy()
    policy.only([0x8000])
    policy.deny(0x8000)
    assert not policy.permits(0x8000)
    policy.allow(0x8000)
    assert policy.permits(0x8000)
    assert not policy.permits(0x8004)
    policy.only([])
    assert not policy.permits(0x8000)
    policy.only(None)
    assert policy.permits(0x8004)


def test_every_change_is_told() -> None:
    policy = ChainPolicy()
    told: list[frozenset[LinkKind]] = []
    policy.listeners.append(lambda _: told.append(policy.kinds))
    policy.deny(1)
    policy.allow(1)
    policy.deny_range(0, 1)
    policy.allow_range(0, 1)
    policy.only([1])
    policy.set_kinds([LinkKind.RETURN])
    policy.set_mode("off")
    assert len(told) == 7
    assert told[-2:] == [frozenset({LinkKind.RETURN}), frozenset()]


def test_listeners_get_the_pcs_that_a_change_concerns() -> None:
    policy = ChainPolicy()
    told: list[Collection[int] | None] = []
    policy.listeners.append(told.append)
    policy.deny(0x8000, 0x8004)
    policy.deny(0x8004, 0x8008)
    policy.allow(0x8000, 0x800C)
    policy.deny_range(0x8000, 0x9000)
    policy.deny_range(0xA000, 0xB000)
    policy.allow_range(0x8000, 0x9000)
    policy.only([0x8010])
    policy.set_mode("direct")
    named = {0x8000, 0x8004}, {0x8008}, {0x8000}
    ranges = None, range(0xA000, 0xB000), range(0x8000, 0x9000)
    assert told == [*named, *ranges, None, None]
    assert policy.boundaries() == {0x8004, 0x8008, 0x8010}
    pcs = range(0x8000, 0x8014, 4)
    assert [pc for pc in pcs if policy.is_boundary(pc)] == [0x8004, 0x8008, 0x8010]
