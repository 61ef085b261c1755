"""Classes of fields behave as those that attrs makes."""

import copy
import pickle
from functools import cached_property
from typing import Any

import attrs
import pytest

from dbt import classes


@classes.frozen
class Point:
    """A point."""

    x: int
    y: int = 2
    note: str = classes.field(default="", eq=False, repr=False)

    @cached_property
    def norm(self) -> list[int]:
        return [self.x, self.y]


@attrs.frozen
class TheirPoint:
    x: int
    y: int = 2
    note: str = attrs.field(default="", eq=False, repr=False)


@classes.define
class Bag:
    items: list[int] = classes.field(factory=list)
    size: int = classes.field(init=False, default=7)
    late: int = classes.field(init=False, repr=False, eq=False)

    def __post_init__(self) -> None:
        self.late = len(self.items)


@classes.define(eq=False)
class Node:
    name: str


@classes.frozen
class Empty:
    """Nothing."""


def test_they_are_made_compared_and_shown_as_attrs_does() -> None:
    for ours, theirs in ((Point(1), TheirPoint(1)), (Point(1, y=3, note="n"), TheirPoint(1, 3))):
        assert repr(ours) == repr(theirs).removeprefix("Their")
        assert (ours == Point(1)) == (theirs == TheirPoint(1))
        assert hash(ours) == hash(Point(ours.x, ours.y))
        assert ours != theirs
    assert Point(1, note="a") == Point(1, note="b")
    assert Empty() == Empty()
    assert hash(Empty()) == hash(Empty())
    assert repr(Empty()) == "Empty()"
    assert Point.__doc__ == "A point."


@pytest.mark.parametrize("arguments", [(), (1, 2, "", 4)])
def test_wrong_arguments_are_refused(arguments: tuple[Any, ...]) -> None:
    with pytest.raises(TypeError):
        Point(*arguments)
    with pytest.raises(TypeError):
        Point(1, z=3)  # type: ignore[call-arg]


def test_what_is_frozen_cannot_be_changed() -> None:
    point = Point(1)
    with pytest.raises(AttributeError, match="x of a Point cannot be changed"):
        point.x = 2  # type: ignore[misc]
    with pytest.raises(AttributeError):
        del point.x  # type: ignore[misc]
    assert point.norm is point.norm


def test_what_is_not_frozen_has_slots_and_no_hash() -> None:
    bag = Bag()
    bag.items.append(1)
    assert Bag().items == []
    assert (bag.size, bag.late) == (7, 0)
    assert bag != Bag([1, 2])
    assert bag == Bag([1])
    with pytest.raises(TypeError, match="unhashable"):
        hash(bag)
    with pytest.raises(AttributeError):
        bag.other = 1  # type: ignore[attr-defined]


def test_identity_is_all_without_eq() -> None:
    one, other = Node("a"), Node("a")
    assert one != other
    assert len({one, other, one}) == 2


def test_match_evolve_and_as_dict() -> None:
    match Point(1, 5):
        case Point(x, y):
            assert (x, y) == (1, 5)
    assert classes.evolve(Point(1, note="n"), x=4).note == "n"
    assert classes.evolve(Bag([1]), items=[2]) == Bag([2])
    assert classes.as_dict(Point(1)) == {"x": 1, "y": 2, "note": ""}


def test_attrs_takes_them() -> None:
    point: Any = Point(1)
    assert attrs.evolve(point, y=9) == Point(1, 9)
    assert attrs.asdict(point) == {"x": 1, "y": 2, "note": ""}
    assert [one.name for one in attrs.fields(type(point))] == ["x", "y", "note"]


def test_they_are_copied_and_pickled() -> None:
    for value in (Point(1, note="n"), Bag([3]), Empty()):
        for again in (copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))):
            assert again == value
            assert classes.as_dict(again) == classes.as_dict(value)
