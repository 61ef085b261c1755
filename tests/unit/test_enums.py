"""What stands for the classes of ``enum`` in modules that a start imports."""

import copy
import enum
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from dbt import enums


class Ours(enums.Enum):
    """A class with members."""

    FIRST = "a"
    SECOND = "b"

    @property
    def upper(self) -> str:
        return self.value.upper()


class Original(enum.Enum):
    FIRST = "a"
    SECOND = "b"

    @property
    def upper(self) -> str:
        return self.value.upper()


class OurNumber(enums.IntEnum):
    NONE = 0
    ALL = 2


class OriginalNumber(enum.IntEnum):
    NONE = 0
    ALL = 2


PAIRS: list[tuple[Any, Any]] = [(Ours, Original), (OurNumber, OriginalNumber)]
LOOKS: dict[str, Callable[[Any], Any]] = {
    "names": lambda of: [member.name for member in of],
    "values": lambda of: [member.value for member in reversed(of)],
    "members": lambda of: [*of.__members__],
    "class": lambda of: (len(of), bool(of)),
    "contained": lambda of: [(member in of, type(member) is of) for member in of],
    "found": lambda of: [of(member.value) is member is of[member.name] for member in of],
    "made of itself": lambda of: [of(member) is member for member in of],
    "its own words": lambda of: [(member._name_, member._value_) for member in of],
    "copies": lambda of: [copy.copy(member) is copy.deepcopy(member) is member for member in of],
    "pickled": lambda of: [pickle.loads(pickle.dumps(member)) is member for member in of],
    "hashes": lambda of: [hash(member) for member in of],
    "truth": lambda of: [bool(member) for member in of],
    "equality": lambda of: [[one == other for one in of] for other in of],
    "equal values": lambda of: [[one == other.value for one in of] for other in of],
    "str": lambda of: [str(member) for member in of],
    "repr": lambda of: [repr(member) for member in of],
    "format": lambda of: [f"{member:>2}" for member in of],
}
MISTAKES: dict[str, Callable[[Any], Any]] = {
    "value": lambda of: of("no value"),
    "no value at all": lambda of: of([]),
    "name": lambda of: of["NOTHING"],
    "another name": lambda of: setattr(next(iter(of)), "name", "x"),
    "another value": lambda of: setattr(next(iter(of)), "value", "x"),
    "attribute": lambda of: of.NOTHING,
    "assignment": lambda of: setattr(of, next(iter(of.__members__)), 1),
    "deletion": lambda of: delattr(of, next(iter(of.__members__))),
    "subclass": lambda of: type(of)("Sub", (of,), type(of).__prepare__("Sub", (of,))),
}


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize(("ours", "original"), PAIRS, ids=["Enum", "IntEnum"])
def test_members_are_as_those_of_enum(look: str, ours: Any, original: Any) -> None:
    found, expected = str(LOOKS[look](ours)), str(LOOKS[look](original))
    assert found == expected.replace(original.__name__, ours.__name__)


@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.parametrize(("ours", "original"), PAIRS, ids=["Enum", "IntEnum"])
def test_mistakes_are_those_of_enum(mistake: str, ours: Any, original: Any) -> None:
    with pytest.raises(Exception) as expected:  # noqa: PT011
        MISTAKES[mistake](original)
    with pytest.raises(expected.type):
        MISTAKES[mistake](ours)


def test_methods_and_attributes_of_a_class_are_no_members() -> None:
    assert Ours.FIRST.upper == Original.FIRST.upper == "A"
    Ours.later = 1  # type: ignore[attr-defined]
    assert len(Ours) == 2


def test_numbers_are_compared_as_such() -> None:
    assert OurNumber.NONE < OurNumber.ALL == 2
    assert max(OurNumber) is OurNumber.ALL
    assert OurNumber.ALL + 1 == 3


def test_what_is_not_as_in_enum_is_refused() -> None:
    with pytest.raises(TypeError, match="same value"):

        class Alias(enums.Enum):
            ONE = 1
            UNO = 1
