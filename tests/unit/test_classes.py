"""Deferred classes behave as those that attrs makes."""

import copy
import importlib
import inspect
import os
import pickle
import pkgutil
import subprocess
import sys
import weakref
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

import attrs as real
import pytest

import backends
import dbt
import frontends
from dbt import classes, initialisers

deferring: Any = classes._Attrs()
Make = Callable[[Any], Any]


def deferred(class_: type) -> bool:
    """True if attrs has not been asked for the methods of a class."""
    return class_ in classes._DEFERRED and classes._DEFERRED[class_].written is not None


def simple(attrs: Any, **options: Any) -> Any:
    @attrs.frozen(**options)
    class Simple:
        a: int
        b: str = "b"

        def both(self) -> tuple[int, str]:
            return self.a, self.b

    return Simple


def changing(attrs: Any, **options: Any) -> Any:
    @attrs.define(**options)
    class Changing:
        shared: ClassVar[list[int]] = []
        a: int = attrs.field(converter=int)
        _b: list[int] = attrs.field(factory=list, repr=False)
        c: int = attrs.field(default=3, kw_only=True, eq=False)
        d: int = attrs.field(init=False, default="4", converter=int)
        e: int = attrs.field(init=False)

        def __attrs_post_init__(self) -> None:
            self.e = self.a + self.c

    return Changing


def listing(attrs: Any) -> Any:
    @attrs.frozen
    class Listing:
        a: int
        b: list[int] = attrs.field(factory=list)

    return Listing


def derived(attrs: Any) -> Any:
    base = simple(attrs)

    @attrs.frozen
    class Derived(base):  # type: ignore[misc]
        c: int = 3
        b: str = "other"

        def both(self) -> tuple[int, str]:
            return super().both()  # type: ignore[no-any-return]

    return Derived


def compared(attrs: Any) -> Any:
    @attrs.frozen(eq=False)
    class Compared:
        a: int

        def __eq__(self, other: object) -> bool:
            return other == self.a

        def __lt__(self, other: Any) -> bool:
            return self.a < int(other.a)

        __hash__ = None  # type: ignore[assignment]

    return Compared


def bare(attrs: Any) -> Any:
    @attrs.frozen
    class Bare:
        pass

    return Bare


MAKERS: dict[str, Make] = {
    "simple": simple,
    "listing": listing,
    "changing": changing,
    "derived": derived,
    "bare": bare,
    "compared in its own way": compared,
    "ordered": lambda attrs: simple(attrs, order=True),
    "by identity": lambda attrs: simple(attrs, eq=False),
    "changing, by identity": lambda attrs: changing(attrs, eq=False),
    "without repr": lambda attrs: simple(attrs, eq=False, repr=False),
}
each = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
ARGUMENTS: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((), {}),
    ((1,), {}),
    ((1, "x"), {}),
    ((1, "x", 3), {}),
    ((1, "x", 3, 4), {}),
    ((), {"a": 1}),
    ((), {"a": "7", "b": [8], "c": 9}),
    ((1,), {"a": 1}),
    ((1,), {"b": "x"}),
    ((1,), {"_b": "x"}),
    ((1,), {"c": 5}),
    ((1,), {"d": 5}),
    ((1,), {"z": 5}),
    (("x",), {}),
]


def outcome(function: Callable[[], Any]) -> object:
    """What a call returns, or what it raises."""
    try:
        found = function()
    except Exception as error:
        return type(error), str(error)
    return found


def values(class_: Any, given: tuple[Any, ...], named: dict[str, Any]) -> object:
    """The fields of a new object, or what is raised."""

    made = outcome(lambda: class_(*given, **named))
    if not isinstance(made, class_):
        return made
    return [outcome(partial(getattr, made, name)) for name in ("a", "_b", *"bcdez")]


@each
@pytest.mark.parametrize(("given", "named"), ARGUMENTS)
def test_objects_are_made_as_attrs_makes_them(
    make: Make, given: tuple[Any, ...], named: dict[str, Any]
) -> None:
    assert values(make(deferring), given, named) == values(make(real), given, named)


def behaviour(attrs: Any, make: Make) -> dict[str, object]:
    """What the objects of a class do."""
    class_ = make(attrs)
    given = () if make is bare else (1,)
    one, same = class_(*given), class_(*given)
    other = class_(*(2 for _ in given))

    def assign() -> object:
        one.a = "17"
        return one.a

    def remove() -> object:
        del one.a
        return one.a

    fields = [(f.name, f.init, f.kw_only, f.default, f.alias) for f in attrs.fields(class_)]
    return {
        "repr": outcome(lambda: repr(one).partition(" object at ")[0]),
        "equal": [one == same, one != same, one == other, one == 1, one in [same]],
        "hash": outcome(lambda: hash(one) == hash(same)),
        "less": outcome(lambda: [one < other, one <= same, one > other, one >= same]),
        "match": class_.__match_args__,
        "slots": sorted(class_.__slots__),
        "weak": weakref.ref(one)() is one,
        "copy": [outcome(partial(getattr, copy.copy(one), name)) for name in "abcde"],
        "state": outcome(one.__getstate__),
        "more": outcome(lambda: setattr(one, "more", 1)),
        "evolved": outcome(lambda: attrs.evolve(one, a=5).a),
        "fields": [(*field[:3], str(field[3]), field[4]) for field in fields],
        "assign": outcome(assign),
        "remove": outcome(remove),
        "name": [class_.__name__, class_.__qualname__, class_.__module__, class_.__doc__],
        "init": str(inspect.signature(class_.__init__)),
    }


@each
def test_objects_behave_as_attrs_makes_them(make: Make) -> None:
    wanted, found = behaviour(real, make), behaviour(deferring, make)
    for name, value in wanted.items():
        assert found[name] == value, name


@pytest.mark.parametrize("make", [simple, derived, bare])
def test_a_class_is_deferred_until_attrs_is_needed(make: Make) -> None:
    class_ = make(deferring)
    made = class_(*(1 for _ in classes._Arguments(classes._DEFERRED[class_].fields).required))
    assert made == deferring.evolve(made)
    assert made != 5
    assert deferred(class_)
    made.__getstate__()
    assert not deferred(class_)
    assert isinstance(made, class_)


def test_a_class_variable_is_no_field_however_it_is_written() -> None:
    class Sample:
        first: ClassVar = 1
        second: ClassVar[int] = 2
        third: "ClassVar[int]" = 3
        fourth: Callable[[int], int]
        fifth: "int" = 5

    found = classes._own_fields(Sample)
    assert found is not None
    assert [field.name for field in found] == ["fourth", "fifth"]


def test_an_init_that_was_taken_from_its_class_before_makes_objects() -> None:
    class_ = simple(deferring)
    init = class_.__init__
    for _ in range(3):
        made = class_.__new__(class_)
        init(made, 1)
        assert made == class_(1)


def test_objects_made_before_equal_those_made_later() -> None:
    class_ = simple(deferring)
    before = class_(1)
    table = {before: "found"}
    assert deferred(class_)
    assert repr(before) == "Simple(a=1, b='b')"
    assert not deferred(class_)
    assert class_(1) == before
    assert table[class_(1)] == "found"


def test_attrs_makes_the_methods_of_a_class_with_many_objects(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(classes, "FEW", 10)
    class_ = listing(deferring)
    made = [class_(number) for number in range(9)]
    assert deferred(class_)
    made += [class_(number, b=[]) for number in range(9, 20)]
    assert not deferred(class_)
    assert [(one.a, one.b) for one in made] == [(number, []) for number in range(20)]
    assert "initialise" not in class_.__init__.__qualname__


@pytest.mark.parametrize("make", [simple, listing])
def test_a_process_that_cannot_import_attrs_makes_objects(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(classes, "FEW", 10)
    class_ = make(deferring)
    monkeypatch.setitem(sys.modules, "attrs", None)
    assert [class_(number).a for number in range(20)] == list(range(20))
    assert " object at " in repr(class_(1))
    with pytest.raises(ImportError):
        class_(1).a = 2


def with_fields(attrs: Any, count: int, *, frozen: bool) -> Any:
    """A class with so many fields, half of which have defaults."""
    names = [f"field_{number}" for number in range(count)]
    body: dict[str, Any] = {name: name for name in names[count // 2 :]}
    body["__annotations__"] = dict.fromkeys(names, str)
    return attrs.define(frozen=frozen)(type("Sample", (), body))


@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("count", range(initialisers.MOST + 2))
def test_an_init_sets_as_many_fields_as_there_are(count: int, *, frozen: bool) -> None:
    ours, theirs = (with_fields(attrs, count, frozen=frozen) for attrs in (deferring, real))
    for given in ([], ["a"], [*"abcdefghijklmnop"[:count]]):
        for named in ({}, {f"field_{count - 1}": "z"}, {"field_0": "y"}):
            made, wanted = (outcome(partial(c, *given, **named)) for c in (ours, theirs))
            if isinstance(wanted, theirs):
                wanted = {name: getattr(wanted, name) for name in ours.__annotations__}
                made = {name: getattr(made, name) for name in ours.__annotations__}
            assert made == wanted


def test_a_class_whose_fields_are_values_needs_no_attrs_for_many_objects(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(classes, "FEW", 10)
    class_ = simple(deferring)
    assert [class_(number).a for number in range(20)] == list(range(20))
    assert deferred(class_)


def test_a_class_of_attrs_may_be_derived_from_a_deferred_one() -> None:
    base = simple(deferring)

    @real.frozen
    class Derived(base):  # type: ignore[misc]
        c: int = 3

    assert Derived(1, "x", 4) == Derived(1, "x", 4)
    assert [field.name for field in real.fields(Derived)] == ["a", "b", "c"]


@pytest.mark.parametrize("attrs", [real, deferring], ids=["attrs", "deferred"])
def test_a_class_derived_from_a_frozen_one_is_frozen(attrs: Any) -> None:
    base = simple(attrs)

    @real.define
    class Derived(base):  # type: ignore[misc]
        c: int = real.field(default=3, converter=int)

    with pytest.raises(real.exceptions.FrozenInstanceError):
        Derived(1).a = 2


def with_init(attrs: Any) -> Any:
    @attrs.define
    class WithInit:
        a: int

        def __init__(self) -> None:
            self.a = 1

    return WithInit


def with_validator(attrs: Any) -> Any:
    @attrs.define
    class WithValidator:
        a: int = attrs.field(default=1, validator=real.validators.instance_of(int))

    return WithValidator


def with_order_of_a_field(attrs: Any) -> Any:
    @attrs.define
    class WithOrder:
        a: str = attrs.field(default="a", eq=str.lower)

    return WithOrder


def with_factory(attrs: Any) -> Any:
    @attrs.define
    class WithFactory:
        a: list[int] = real.Factory(list)

    return WithFactory


def an_exception(attrs: Any) -> Any:
    @attrs.define
    class Failure(Exception):
        a: int = 1

    return Failure


def keyword_only(attrs: Any) -> Any:
    @attrs.define(kw_only=True)
    class KeywordOnly:
        a: int = 1

    return KeywordOnly


def changing_from_frozen(attrs: Any) -> Any:
    base = simple(attrs)

    @attrs.define
    class ChangingFromFrozen(base):  # type: ignore[misc]
        a: int = 1

    return ChangingFromFrozen


def without_annotation(attrs: Any) -> Any:
    @attrs.define
    class WithoutAnnotation:
        a = attrs.field(default=1)

    return WithoutAnnotation


@pytest.mark.parametrize(
    "make",
    [
        with_init, with_validator, with_order_of_a_field, with_factory, an_exception, keyword_only,
        changing_from_frozen, without_annotation,
    ],
)  # fmt: skip
def test_attrs_makes_other_classes_at_once(make: Make) -> None:
    class_, wanted = make(deferring), make(real)
    assert class_ not in classes._DEFERRED
    assert repr(class_()) == repr(wanted())
    assert outcome(lambda: setattr(class_(), "a", 2)) == outcome(lambda: setattr(wanted(), "a", 2))


def test_what_is_not_deferred_is_of_attrs() -> None:
    assert deferring.NOTHING is real.NOTHING
    assert deferring.evolve(simple(real)(1), a=2).a == 2


# -- The classes of armdbt -------------------------------------------------------------------------


def _all_modules() -> list[str]:
    packages = [dbt, frontends, backends]
    found = [
        module.name
        for package in packages
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    ]
    return [name for name in found if not name.endswith("__main__")]


def test_deferred_classes_of_armdbt_take_what_attrs_says() -> None:
    for name in _all_modules():
        importlib.import_module(name)
    ours = [
        known
        for class_, known in classes._DEFERRED.items()
        if class_.__module__.split(".")[0] in ("dbt", "frontends", "backends")
    ]
    assert len(ours) > 80
    for known in ours:
        known.complete()
        arguments = classes._Arguments(known.fields)
        parameters = list(inspect.signature(known.made.__init__).parameters.values())[1:]
        by_place = [p for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
        assert tuple(p.name for p in by_place) == arguments.positional, known.made
        assert {p.name for p in parameters} == arguments.accepted, known.made
        assert {p.name for p in parameters if p.default is p.empty} == arguments.required, (
            known.made
        )
        assert known.made.__match_args__ == tuple(
            field.name for field in real.fields(known.made) if field.init and not field.kw_only
        )
        compared = {field.name for field in real.fields(known.made) if field.eq}
        assert compared == {f.name for f in known.fields if f.eq}, known.made


UNPICKLE = """
import pickle, sys
made = pickle.load(sys.stdin.buffer)
from dbt.ir.block import BlockKey
assert made == BlockKey(0x8000, 1), made
print(hash(made) == hash(BlockKey(0x8000, 1)))
"""


def test_an_object_reaches_another_process() -> None:
    from dbt.ir.block import BlockKey

    done = subprocess.run(
        [sys.executable, "-c", UNPICKLE], input=pickle.dumps(BlockKey(0x8000, 1)),
        capture_output=True, check=True, env=os.environ,
    )  # fmt: skip
    assert done.stdout == b"True\n", done.stderr
