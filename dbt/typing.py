"""The names of ``typing`` for modules that a warm start imports.

To import ``typing`` takes 3 ms, with ``re``, which it imports; and it takes ten times as long as
any other class to make a named tuple, whose methods it compiles. Type checkers see ``typing``. When
a program runs, names that only annotations use mean nothing, a protocol is a class, and a named
tuple has the methods that it would have, which are not compiled for it.
"""

from _collections import _tuplegetter  # type: ignore[import-not-found]  # as in collections

__all__ = [
    "IO", "TYPE_CHECKING", "Any", "BinaryIO", "ClassVar", "Generic", "Literal", "NamedTuple",
    "NoReturn", "ParamSpec", "Protocol", "Self", "TextIO", "TypeAlias", "TypeGuard", "TypeVar",
    "overload", "runtime_checkable",
]  # fmt: skip

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import (
        IO,
        Any,
        BinaryIO,
        ClassVar,
        Generic,
        Literal,
        NamedTuple,
        NoReturn,
        ParamSpec,
        Protocol,
        Self,
        TextIO,
        TypeAlias,
        TypeGuard,
        TypeVar,
        overload,
        runtime_checkable,
    )
else:

    class _Name:
        """A name for annotations: it may be subscribed, called, and be a part of a union."""

        def __init__(self, name):
            self._name = name

        def __getitem__(self, given):
            return self

        def __call__(self, *given, **named):
            return self

        def __or__(self, other):
            return self

        __ror__ = __or__

        def __repr__(self):
            return f"typing.{self._name}"

    IO, Any, BinaryIO, ClassVar, Literal, NoReturn, ParamSpec, Self, TextIO = map(
        _Name,
        ("IO", "Any", "BinaryIO", "ClassVar", "Literal", "NoReturn", "ParamSpec", "Self", "TextIO"),
    )
    TypeAlias, TypeGuard, TypeVar = map(_Name, ("TypeAlias", "TypeGuard", "TypeVar"))

    def overload(function):
        """See typing.overload."""
        return function

    def runtime_checkable(protocol):
        """See typing.runtime_checkable."""
        return protocol

    class Generic:
        """A class that annotations may subscribe."""

        __slots__ = ()

        def __class_getitem__(cls, given):
            return cls

    class _ProtocolType(type):
        """The class of protocols. An object is an instance of one if it has all that the protocol
        and those that it extends name."""

        def __instancecheck__(cls, instance):
            if Protocol not in cls.__bases__:
                return super().__instancecheck__(instance)
            return all(hasattr(instance, name) for name in cls._names())

        def _names(cls):
            for base in cls.__mro__:
                if Protocol in base.__bases__:
                    for name in (*base.__annotations__, *vars(base)):
                        if name not in _OF_EVERY_CLASS:
                            yield name

    class _Empty:
        """A class with what Python gives every class."""

        name: int

    # Versions of Python differ in where annotations are before they are asked for.
    _OF_EVERY_CLASS = {*_Empty.__annotations__, "__annotations__", *vars(_Empty)} - {"name"}

    class Protocol(metaclass=_ProtocolType):
        """See typing.Protocol."""

        def __class_getitem__(cls, given):
            return cls

    class _NamedTupleType(type):
        """Makes named tuples of classes that have ``NamedTuple`` as their base."""

        def __new__(mcs, name, bases, body):
            if not bases:
                return type.__new__(mcs, name, bases, body)
            made = type.__new__(type, name, (_NamedTuple,), {**body, "__slots__": ()})
            fields = tuple(made.__annotations__)
            for at, field in enumerate(fields):
                setattr(made, field, _tuplegetter(at, ""))
            made._fields = made.__match_args__ = fields
            made._field_defaults = {field: body[field] for field in fields if field in body}
            return made

    class NamedTuple(metaclass=_NamedTupleType):
        """See typing.NamedTuple."""

    class _NamedTuple(tuple):
        """The methods of named tuples."""

        __slots__ = ()
        _fields = ()
        _field_defaults = {}

        def __new__(cls, *given, **named):
            if named or len(given) != len(cls._fields):
                given = cls._complete(given, named)
            return tuple.__new__(cls, given)

        @classmethod
        def _complete(cls, given, named):
            values = {**cls._field_defaults, **dict(zip(cls._fields, given, strict=False)), **named}
            twice = named.keys() & cls._fields[: len(given)]
            if values.keys() != {*cls._fields} or twice or len(given) > len(cls._fields):
                raise TypeError(f"{cls.__name__} takes {', '.join(cls._fields)}")
            return [values[field] for field in cls._fields]

        @classmethod
        def _make(cls, values):
            return cls(*values)

        def _asdict(self):
            return dict(zip(self._fields, self, strict=False))

        def _replace(self, /, **changes):
            values = tuple(map(changes.pop, self._fields, self))
            if changes:
                raise ValueError(f"no field {', '.join(changes)}")
            return tuple.__new__(type(self), values)

        def __getnewargs__(self):
            return tuple(self)

        def __repr__(self):
            shown = ", ".join(f"{name}={value!r}" for name, value in self._asdict().items())
            return f"{type(self).__name__}({shown})"
