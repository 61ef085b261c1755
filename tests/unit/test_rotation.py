"""What is left out of a product, and that nothing is left out for long."""

import itertools
from collections.abc import Iterator

import attrs
import pytest
from support.rotation import chosen

MECHANISMS, HELPERS, TIERS = "abcdefgh", range(3), ("0", "2", "auto")


@attrs.frozen
class CallSpec:
    params: dict[str, object] = attrs.field(eq=False)


@attrs.frozen
class Row:
    """What is asked of a test: its name, its parameters and its mark."""

    nodeid: str
    callspec: CallSpec
    mark: pytest.Mark | None = attrs.field(default=None, eq=False)

    share: pytest.Mark | None = attrs.field(default=None, eq=False)

    def get_closest_marker(self, name: str) -> pytest.Mark | None:
        return {"rotates": self.mark, "shares": self.share}[name]


def rows(mark: pytest.Mark | None, **factors: object) -> Iterator[Row]:
    for values in itertools.product(*factors.values()):  # type: ignore[call-overload]
        name = "-".join(map(str, values))
        yield Row(f"test_it[{name}]", CallSpec(dict(zip(factors, values, strict=True))), mark)


def pairs(found: object, *names: str) -> set[tuple[object, ...]]:
    return {tuple(row.callspec.params[name] for name in names) for row in found}  # type: ignore[attr-defined]


TIER = pytest.mark.rotates("tier").mark
PRODUCT = [*rows(TIER, mechanism=MECHANISMS, helper=HELPERS, tier=TIERS)]


@pytest.mark.parametrize("turn", range(3))
def test_every_value_meets_every_other(turn: int) -> None:
    found = chosen(PRODUCT, full=False, turn=turn)  # type: ignore[arg-type]
    assert len(found) == len(PRODUCT) / len(TIERS)
    for two in itertools.combinations(("mechanism", "helper", "tier"), 2):
        assert pairs(found, *two) == pairs(PRODUCT, *two)


def test_turns_make_up_the_product() -> None:
    turns = [chosen(PRODUCT, full=False, turn=turn) for turn in range(3)]  # type: ignore[arg-type]
    assert set().union(*turns) == set(PRODUCT)
    assert sum(map(len, turns)) == len(PRODUCT)


def test_all_are_run_when_all_are_wanted() -> None:
    assert chosen(PRODUCT, full=True, turn=0) == set(PRODUCT)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "left",
    [
        [*rows(None, mechanism=MECHANISMS, tier=TIERS)],
        [*rows(TIER, tier=TIERS)],
        PRODUCT[4:5],
    ],
    ids=["no mark", "no other factor", "asked for by name"],
)
def test_nothing_is_left_out(left: list[Row]) -> None:
    assert chosen(left, full=False, turn=1) == set(left)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("names", "factors", "most", "turns"),
    [
        (["tier"], {"returns": [False, True], "tier": TIERS}, 3, 2),
        (["tier"], {"name": range(4), "tier": range(8)}, 8, 4),
        (["tier", "checks"], {"tier": TIERS, "checks": [False, True]}, 3, 2),
        (["tier", "checks"], {"tier": TIERS, "checks": range(2), "price": range(4)}, 5, 6),
        (["tier", "price"], {"tier": TIERS, "checks": range(2), "price": range(4)}, 5, 6),
    ],
)
def test_fewer_combinations_than_turns(
    names: list[str], factors: dict[str, object], most: int, turns: int
) -> None:
    """Each value of each factor is run each time, and the rest has its turn soon."""
    product = [*rows(pytest.mark.rotates(*names).mark, **factors)]
    found = [chosen(product, full=False, turn=turn) for turn in range(turns)]  # type: ignore[arg-type]
    for today in found:
        assert len(today) <= most
        for name in factors:
            assert pairs(today, name) == pairs(product, name)
    assert set().union(*found) == set(product)


def test_shares_make_up_the_product() -> None:
    all_rows = [
        attrs.evolve(row, share=pytest.mark.shares(3).mark) for row in rows(None, n=range(10))
    ]
    turns = [chosen(all_rows, full=False, turn=turn) for turn in range(3)]  # type: ignore[arg-type]
    assert sorted(map(len, turns)) == [3, 3, 4]
    assert set().union(*turns) == set(all_rows)
    assert chosen(all_rows, full=True, turn=0) == set(all_rows)  # type: ignore[arg-type]
    assert chosen(all_rows[4:5], full=False, turn=1) == {all_rows[4]}  # type: ignore[arg-type]


@pytest.mark.parametrize("parts", [2, 3])
def test_shares_of_what_takes_turns_make_up_the_product(parts: int) -> None:
    """Also where a day's share and a day's value would keep step."""
    tier = pytest.mark.rotates("tier").mark
    mark = pytest.mark.shares(parts).mark
    tiers = range(6)
    product = [attrs.evolve(row, share=mark) for row in rows(tier, name=range(20), tier=tiers)]
    turns = [chosen(product, full=False, turn=turn) for turn in range(parts * len(tiers))]  # type: ignore[arg-type]
    assert all(20 // parts <= len(turn) <= 20 // parts + 1 for turn in turns)
    assert set().union(*turns) == set(product)
