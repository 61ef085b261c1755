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

    def get_closest_marker(self, name: str) -> pytest.Mark | None:
        return self.mark if name == "rotates" else None


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
        [*rows(TIER, returns=[False, True], tier=TIERS)],
        PRODUCT[4:5],
    ],
    ids=["no mark", "no other factor", "fewer others than turns", "asked for by name"],
)
def test_nothing_is_left_out(left: list[Row]) -> None:
    assert chosen(left, full=False, turn=1) == set(left)  # type: ignore[arg-type]
