"""What stands for the names of ``typing`` in modules that a start imports."""

import copy
import pickle
import typing
from collections.abc import Callable
from typing import Any as Theirs

import pytest

from dbt import typing as ours
from dbt.typing import (
    Any,
    Generic,
    NamedTuple,
    Protocol,
    TypeVar,
    runtime_checkable,
)


class Ours(NamedTuple):
    """Two fields."""

    first: int
    second: str = "b"

    @property
    def both(self) -> str:
        return f"{self.first}{self.second}"


class Original(typing.NamedTuple):
    first: int
    second: str = "b"


@pytest.mark.parametrize("given", [(1,), (1, "c")])
def test_a_named_tuple_is_as_that_of_typing(given: tuple[Theirs, ...]) -> None:
    made, original = Ours(*given), Original(*given)
    assert made == original
    assert hash(made) == hash(original)
    assert repr(made) == repr(original).replace("Original", "Ours")
    assert made._asdict() == original._asdict()
    assert made._replace(first=5) == original._replace(first=5)
    assert made == Ours(**original._asdict()) == Ours._make(original)
    assert (made.first, made.second) == given + ("b",) * (2 - len(given))
    assert made.both == f"{made.first}{made.second}"
    assert pickle.loads(pickle.dumps(made)) == copy.copy(made) == made
    match made:
        case Ours(1, text):
            assert text == made.second
    with pytest.raises(AttributeError):
        made.first = 2


def test_what_is_no_field_is_not_replaced() -> None:
    for each in (Ours(1), Original(1)):
        with pytest.raises(ValueError, match="third"):
            each._replace(third=3)


def test_a_named_tuple_has_the_names_of_typings() -> None:
    assert type(Ours) is type(Original) is type
    assert Ours._fields == Original._fields == Ours.__match_args__
    assert Ours._field_defaults == Original._field_defaults
    assert Ours.__doc__ == "Two fields."
    assert not hasattr(Ours(1), "__dict__")


@pytest.mark.parametrize(
    ("given", "named"), [((), {}), ((1, "b", 3), {}), ((1,), {"first": 2}), ((1,), {"third": 3})]
)
def test_wrong_arguments_are_refused(given: tuple[Theirs, ...], named: dict[str, Theirs]) -> None:
    for each in (Ours, Original):
        with pytest.raises(TypeError):
            each(*given, **named)


@runtime_checkable
class Named(Protocol):
    name: str

    def call(self) -> None: ...


class Explicit(Named):
    name = "e"


class Both:
    name = "b"

    def call(self) -> None:
        """Does nothing."""


class One:
    name = "o"


def test_an_object_with_all_that_a_protocol_names_is_an_instance() -> None:
    assert isinstance(Both(), Named)
    assert isinstance(Explicit(), Named)
    assert not isinstance(One(), Named)
    assert isinstance(Explicit(), Explicit)
    assert not isinstance(Both(), Explicit)


def test_names_can_be_parts_of_annotations() -> None:
    T = TypeVar("T")

    class Box(Generic[T]):
        value: T | None

    assert Callable[[Any], Box[T] | None]
    assert None | Any | int
    assert list[Any]


def test_every_name_is_one_of_typing() -> None:
    assert {*ours.__all__} <= {*typing.__all__}
    assert all(hasattr(ours, name) for name in ours.__all__)
