"""attrs whose classes get their methods when they are used often.

attrs writes and compiles the methods of a class where the class is defined. That takes a quarter of
a millisecond a class, and importing attrs takes as long as 80 classes. A short run makes a few
objects of half of its classes, so a module that a warm start imports says ``from dbt.classes import
attrs`` in place of ``import attrs``, and writes the same. Its classes are *deferred*:

- The class has its slots at once. ``__eq__`` and ``__hash__`` work from a list of the fields.
  ``__init__`` is made at its first call (``initialisers.py``); with factories, converters and the
  like it works from a list, too.
- attrs makes the methods, with the class as it was written and all arguments, when one is called
  that only attrs makes (``__repr__``, ``__setattr__`` of a frozen class), when somebody asks for
  the fields, or when an ``__init__`` that works from a list gets wrong arguments or has made
  ``FEW`` objects.
  The deferred class then gets these methods, and behaves as if attrs had made it.

A class of which this module does not know how attrs treats it is made by attrs at once.

It is long because what is deferred, how, and what it becomes has to fit together.
"""

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from operator import attrgetter
from types import BuiltinFunctionType, CellType, FunctionType

from dbt.initialisers import MOST, initialiser
from dbt.typing import TYPE_CHECKING, Any

FEW = 4000
"""How many objects of a class are made from the list of its fields, which takes a microsecond more
each, until attrs is asked for the methods: that takes 20 ms, most of it to import attrs."""
_UNSET: Any = object()
_KNOWN = {"eq", "frozen", "order", "repr"}
"""Arguments of ``define`` that are understood here."""
_KNOWN_OF_FIELDS = {"converter", "default", "eq", "factory", "init", "kw_only", "metadata", "repr"}
_FIELDS = ("__attrs_attrs__", "__attrs_props__")
_ORDER = ("__lt__", "__le__", "__gt__", "__ge__")
_STATE = ["__getstate__", "__setstate__", *["__replace__"] * (sys.version_info >= (3, 13))]
_COMPARED = {"__eq__", "__ne__", "__hash__", *_ORDER}
_MADE_OF = {
    *("__init__", "__attrs_pre_init__", "__attrs_init__"),
    *("__setattr__", "__delattr__", "__slots__", "__getattr__", "__getattribute__"),
}
"""What decides about the methods that attrs makes, if a class has it; also those in ``_COMPARED``
unless it is defined with ``eq=False``."""
_MADE_OF_AND_COMPARED = _MADE_OF | _COMPARED
_CONVERTERS = (type(None), FunctionType, BuiltinFunctionType, type)
_CLASS_VARIABLES = ("typing.ClassVar", "t.ClassVar", "ClassVar", "typing_extensions.ClassVar")
_HOMES = ("typing", "dbt.typing")
_OF_A_CLASS = ("__dict__", "__weakref__", "__slots__", "__module__", "__qualname__", "__doc__")
_KEPT = {*_OF_A_CLASS, "__hash__"}
"""What a class keeps when attrs has made its methods: objects must not get another hash."""


class _Field:
    """What ``attrs.field`` was given for one field, and attrs' defaults."""

    default: Any = _UNSET
    factory: Callable[[], Any] | None = None
    converter: Callable[[Any], Any] | None = None
    init = eq = True
    kw_only = False
    name = alias = ""

    def __init__(self, **options: Any) -> None:
        self.options = options
        if options:
            vars(self).update(options)

    def understood(self) -> bool:
        """True if its arguments are understood here."""
        return (
            self.options.keys() <= _KNOWN_OF_FIELDS
            and isinstance(self.eq, bool)
            and type(self.default).__module__ != "attr._make"  # not a Factory
            and isinstance(self.converter, _CONVERTERS)
        )

    @property
    def required(self) -> bool:
        """True if ``__init__`` needs an argument for it."""
        return self.init and self.default is _UNSET and self.factory is None

    def value(self, arguments: dict[str, Any]) -> Any:
        """The first value in a new object whose ``__init__`` got these arguments; ``_UNSET`` if it
        has none."""
        if self.init and self.alias in arguments:
            found = arguments[self.alias]
        elif self.factory is not None:
            found = self.factory()
        else:
            found = self.default
        if self.converter is None or found is _UNSET:
            return found
        return self.converter(found)


class _Deferred:
    """A class whose methods attrs has not made yet. ``made`` is the class, ``written`` the one that
    was written, without slots; None when attrs has made the methods."""

    def __init__(self, written: type, fields: Sequence[_Field], options: dict[str, Any]) -> None:
        self.written: type | None = written
        self.fields, self.options = fields, options
        self.frozen, self.eq = options["frozen"], options.get("eq", True)
        self.asked = (*_FIELDS, *(name for name in self._asking() if name not in vars(written)))
        self.made = _with_slots(written, [f.name for f in fields], self._methods())

    def _asking(self) -> Iterator[str]:
        """The methods that ask attrs."""
        yield from _STATE
        if self.options.get("repr", True):
            yield "__repr__"
        if self.frozen:
            yield from ("__setattr__", "__delattr__")
        elif any(field.converter for field in self.fields):
            yield "__setattr__"
        if self.options.get("order"):
            yield from _ORDER

    def _methods(self) -> dict[str, Any]:
        """What the class begins with."""
        methods: dict[str, Any] = {name: _Asked(self, name) for name in self.asked}
        methods["__init__"] = _first_initialiser(self)
        methods["__match_args__"] = tuple(f.name for f in self.fields if f.init and not f.kw_only)
        if self.eq:
            equals, hash_of = _compared([field.name for field in self.fields if field.eq])
            methods |= {"__eq__": equals, "__hash__": hash_of if self.frozen else None}
        return methods

    def complete(self) -> None:
        """Give the class the methods that attrs makes. Two threads may do so at the same time: they
        get the same ones. So there is no lock, which a child could find held for ever."""
        written = self.written
        if written is None:
            return
        _complete_bases(self.made)
        model = _made_by_attrs(written, self.options)
        kept = {*_KEPT, *(field.name for field in self.fields), *vars(written)}
        for name, value in vars(model).items():
            if name not in kept:
                setattr(self.made, name, value)
        for name in self.asked:
            if name in vars(self.made) and name not in vars(model):
                with contextlib.suppress(AttributeError):  # another thread has removed it
                    delattr(self.made, name)
        self.written = None


class _Arguments:
    """What ``__init__`` takes for some fields."""

    def __init__(self, fields: Sequence[_Field]) -> None:
        self.positional = tuple(f.alias for f in fields if f.init and not f.kw_only)
        self.accepted = {f.alias for f in fields if f.init}
        self.required = {f.alias for f in fields if f.required}
        self.most = len(fields) if all(map(_is_plain, fields)) else -1
        self.least = len(fields if any(f.factory for f in fields) else self.required)
        """With so many arguments by place, and ``most`` at most, the values of the fields are they
        and the defaults."""
        self.defaults = tuple(field.default for field in fields)

    def fit(self, given: tuple[Any, ...], named: dict[str, Any]) -> bool:
        """True if ``__init__`` can be called with these arguments."""
        if len(given) > len(self.positional) or not named.keys() <= self.accepted:
            return False
        first = self.positional[: len(given)]
        return named.keys().isdisjoint(first) and self.required <= {*first, *named}


class _Asked:
    """A method, or another attribute of a deferred class, that attrs makes."""

    def __init__(self, deferred: _Deferred, name: str) -> None:
        self._deferred, self._name = deferred, name

    def __get__(self, instance: object, owner: type) -> Any:
        self._deferred.complete()
        found = getattr(self._deferred.made, self._name)
        bind = getattr(type(found), "__get__", None)
        return found if instance is None or bind is None else bind(found, instance, owner)


_DEFERRED: dict[type, _Deferred] = {}
"""All classes that were deferred."""


def _complete_bases(class_: type) -> None:
    for base in class_.__mro__[1:]:
        if base in _DEFERRED:
            _DEFERRED[base].complete()


# -- The methods of a deferred class ---------------------------------------------------------------


def _first_initialiser(deferred: _Deferred) -> Callable[..., None]:
    """``__init__`` until it is called: half of the classes have no object in a short run."""

    def initialise(self: Any, *given: Any, **named: Any) -> None:
        made: Any = deferred.made
        if vars(made)["__init__"] is initialise:
            made.__init__ = _initialiser(deferred)
        made.__init__(self, *given, **named)

    return initialise


def _initialiser(deferred: _Deferred) -> Callable[..., None]:
    """``__init__``."""
    defaults = _trailing_defaults(deferred)
    if defaults is None:
        return _listing_initialiser(deferred)
    fields = {field.name: field.alias for field in deferred.fields}
    return initialiser(deferred.made, fields, defaults, frozen=deferred.frozen)


def _trailing_defaults(deferred: _Deferred) -> list[Any] | None:
    """The defaults of the last fields of a class; None if ``__init__`` has more to do than to set
    all fields to its arguments."""
    fields = deferred.fields
    if len(fields) > MOST or hasattr(deferred.made, "__attrs_post_init__"):
        return None
    if any(field.factory is not None or not _is_plain(field) for field in fields):
        return None
    count = sum(field.required for field in fields)
    if any(field.required for field in fields[count:]):
        return None
    return [field.default for field in fields[count:]]


def _listing_initialiser(deferred: _Deferred) -> Callable[..., None]:
    """``__init__`` of a class with fields that take more than a value."""
    arguments = _Arguments(deferred.fields)
    left, least, most, defaults = FEW, arguments.least, arguments.most, arguments.defaults
    setters = [getattr(deferred.made, field.name).__set__ for field in deferred.fields]
    then = getattr(deferred.made, "__attrs_post_init__", None)

    def initialise(self: Any, *given: Any, **named: Any) -> None:
        nonlocal left
        left -= 1
        if not left:
            with contextlib.suppress(ImportError, OSError):  # no descriptor is left
                deferred.complete()
        count = len(given)
        if not named and least <= count <= most:
            values = given if count == most else given + defaults[count:]
            for set_field, value in zip(setters, values):  # noqa: B905 - takes as long as two fields
                set_field(self, value)
        elif arguments.fit(given, named):
            named.update(zip(arguments.positional, given, strict=False))
            for field, set_field in zip(deferred.fields, setters, strict=True):
                value = field.value(named)
                if value is not _UNSET:
                    set_field(self, value)
        else:
            deferred.complete()
            deferred.made.__init__(self, *given, **named)  # type: ignore[misc]
            return
        if then is not None:
            then(self)

    return initialise


def _compared(names: list[str]) -> tuple[Callable[[Any, Any], Any], Callable[[Any], int]]:
    """``__eq__`` and ``__hash__``."""
    values = attrgetter(*names) if names else type

    def equals(self: Any, other: Any) -> Any:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return values(self) == values(other)

    def hash_of(self: Any) -> int:
        return hash(values(self))

    return equals, hash_of


# -- Which classes are deferred --------------------------------------------------------------------


def _deferrable(class_: type, options: dict[str, Any]) -> list[_Field] | None:
    """The fields of a class, its base's first; None if attrs has to make the class."""
    if issubclass(class_, BaseException) or not options.keys() <= _KNOWN:
        return None
    decisive = _MADE_OF if options.get("eq", True) is False else _MADE_OF_AND_COMPARED
    if not decisive.isdisjoint(vars(class_)):
        return None
    own = _own_fields(class_)
    inherited = _inherited_fields(class_, frozen=options["frozen"])
    if own is None or inherited is None:
        return None
    if not inherited:
        return own
    names = {field.name for field in own}
    return [*(field for field in inherited if field.name not in names), *own]


def _own_fields(class_: type) -> list[_Field] | None:
    """The fields in the body of a class; None if it has one that only attrs understands."""
    body = vars(class_)
    fields = []
    for name, annotation in class_.__annotations__.items():
        if type(annotation) is not type and _is_class_variable(annotation):
            continue
        value = body.get(name, _UNSET)
        if value is _UNSET:
            value = _Field()
        elif not isinstance(value, _Field):
            value = _Field(default=value)
        if value.options and not value.understood():
            return None
        value.name, value.alias = name, name.lstrip("_")
        fields.append(value)
    for value in body.values():
        if isinstance(value, cached_property) or (isinstance(value, _Field) and not value.name):
            return None
    return fields


def _is_class_variable(annotation: object) -> bool:
    if isinstance(annotation, str):
        return annotation.strip("'\"").startswith(_CLASS_VARIABLES)
    home = type(annotation).__module__
    return home in _HOMES and repr(annotation).startswith(_CLASS_VARIABLES)


def _inherited_fields(class_: type, *, frozen: bool) -> list[_Field] | None:
    """The fields of the bases of a class; None if they are not those of one deferred class that is
    frozen when this one is."""
    of_attrs = [base for base in class_.__mro__[1:] if "__attrs_attrs__" in vars(base)]
    if not of_attrs:
        return []
    nearest = _DEFERRED.get(of_attrs[0])
    if nearest is None or nearest.options["frozen"] is not frozen:
        return None
    if not all(base in _DEFERRED and base in nearest.made.__mro__ for base in of_attrs):
        return None
    return list(nearest.fields)


def _is_plain(field: _Field) -> bool:
    """True if the argument of ``__init__`` is the value of the field."""
    return field.init and not field.kw_only and field.converter is None


def _with_slots(written: type, names: list[str], methods: dict[str, Any]) -> type:
    """The class again, with methods, and slots for its fields. Methods that use ``super`` find the
    new class."""
    left_out = {*names, "__dict__", "__weakref__"}
    body = {name: value for name, value in vars(written).items() if name not in left_out}
    bases = written.__mro__[1:-1]
    there = {slot for base in bases for slot in getattr(base, "__slots__", ())}
    weak = [] if any(vars(base).get("__weakref__") for base in bases) else ["__weakref__"]
    body["__slots__"] = tuple(name for name in [*names, *weak] if name not in there)
    body["__qualname__"] = written.__qualname__
    made = type(written)(written.__name__, written.__bases__, {**body, **methods})
    for value in body.values():
        function: Any = value
        if isinstance(value, _WRAPPERS):
            function = value.fget if isinstance(value, property) else value.__func__
        elif type(value) is not FunctionType:
            continue
        for cell in getattr(function, "__closure__", None) or ():
            if _content(cell) is written:
                cell.cell_contents = made
    return made


_WRAPPERS = (classmethod, staticmethod, property)


def _content(cell: CellType) -> object:
    """What is in a cell; None if it is empty."""
    try:
        return cell.cell_contents
    except ValueError:
        return None


# -- attrs -----------------------------------------------------------------------------------------


def _made_by_attrs(written: type, options: dict[str, Any]) -> type:
    """The class that attrs makes of one."""
    import attrs

    for name, value in list(vars(written).items()):
        if isinstance(value, _Field):
            setattr(written, name, attrs.field(**value.options))
    made: type = attrs.define(**options)(written)
    return made


def _decorate(class_: type, options: dict[str, Any]) -> type:
    fields = _deferrable(class_, options)
    if fields is None:
        _complete_bases(class_)
        return _made_by_attrs(class_, options)
    deferred = _Deferred(class_, fields, options)
    _DEFERRED[deferred.made] = deferred
    return deferred.made


class _Attrs:
    """What modules import in place of the module ``attrs``."""

    @staticmethod
    def define(class_: type | None = None, **options: Any) -> Any:
        """See attrs.define."""
        options.setdefault("frozen", False)
        if class_ is None:
            return lambda class_: _decorate(class_, options)
        return _decorate(class_, options)

    @classmethod
    def frozen(cls, class_: type | None = None, **options: Any) -> Any:
        """See attrs.frozen."""
        return cls.define(class_, frozen=True, **options)

    @staticmethod
    def field(**options: Any) -> Any:
        """See attrs.field."""
        return _Field(**options)

    @staticmethod
    def evolve(instance: Any, **changes: Any) -> Any:
        """See attrs.evolve."""
        deferred = _DEFERRED.get(type(instance))
        if deferred is None:
            import attrs

            return attrs.evolve(instance, **changes)
        for field in deferred.fields:
            if field.init and field.alias not in changes:
                changes[field.alias] = getattr(instance, field.name)
        return type(instance)(**changes)

    def __getattr__(self, name: str) -> Any:
        import attrs

        return getattr(attrs, name)


if TYPE_CHECKING:
    import attrs as attrs  # noqa: PLC0414
else:
    attrs = _Attrs()
