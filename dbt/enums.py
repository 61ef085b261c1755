"""``Enum`` and ``IntEnum`` for modules that a warm start imports.

To import ``enum`` takes a millisecond, and to make an enumeration a tenth of one, more than ten
other classes take. Type checkers see ``enum``. When a program runs, members and their class do what
those of ``enum`` do, for names with values of which no two are the same. What else ``enum`` has,
such as ``auto`` and aliases, these have not, and ``enum.Enum`` is no base of them: where that is
needed, ``enum`` is imported.
"""

from dbt.typing import TYPE_CHECKING

__all__ = ["Enum", "IntEnum"]

if TYPE_CHECKING:
    from enum import Enum, IntEnum
else:

    class _EnumType(type):
        """The class of enumerations."""

        def __new__(mcs, name, bases, body):
            values = {
                key: value
                for key, value in body.items()
                if not key.startswith("_") and not hasattr(value, "__get__")
            }
            if any(getattr(base, "_by_name", None) for base in bases):
                raise TypeError(f"{name}: an enumeration with members has no subclasses")
            kept = {key: value for key, value in body.items() if key not in values}
            made = super().__new__(mcs, name, bases, kept)
            members = {key: _member(made, key, value) for key, value in values.items()}
            for key, member in members.items():
                type.__setattr__(made, key, member)
            made._by_name = members
            made._by_value = {member.value: member for member in members.values()}
            if len(made._by_value) != len(members):
                raise TypeError(f"{name}: two members have the same value")
            return made

        def __call__(cls, value):
            if isinstance(value, cls):
                return value
            try:
                return cls._by_value[value]
            except (KeyError, TypeError):  # what has no hash is no value
                raise ValueError(f"{value!r} is not a valid {cls.__qualname__}") from None

        def __getitem__(cls, name):
            return cls._by_name[name]

        def __iter__(cls):
            return iter(cls._by_name.values())

        def __reversed__(cls):
            return reversed(cls._by_name.values())

        def __len__(cls):
            return len(cls._by_name)

        def __bool__(cls):
            return True

        def __contains__(cls, value):
            return isinstance(value, cls) or value in cls._by_value

        def __setattr__(cls, name, value):
            if name in cls.__dict__.get("_by_name", ()):
                raise AttributeError(f"cannot reassign member {name!r}")
            super().__setattr__(name, value)

        def __delattr__(cls, name):
            if name in cls._by_name:
                raise AttributeError(f"cannot delete member {name!r}")
            super().__delattr__(name)

        def __repr__(cls):
            return f"<enum {cls.__name__!r}>"

        @property
        def __members__(cls):
            return dict(cls._by_name)

    def _member(made, name, value):
        """A new member of an enumeration."""
        is_int = issubclass(made, int)
        member = int.__new__(made, value) if is_int else object.__new__(made)
        member.__dict__.update(name=name, value=value, _name_=name, _value_=value)
        return member

    class Enum(metaclass=_EnumType):
        """See enum.Enum."""

        def __repr__(self):
            return f"<{type(self).__name__}.{self.name}: {self.value!r}>"

        def __str__(self):
            return f"{type(self).__name__}.{self.name}"

        def __setattr__(self, name, value):
            if name in self.__dict__:
                raise AttributeError(f"cannot set {name!r} of a member")
            super().__setattr__(name, value)

        def __format__(self, spec):
            return str(self).__format__(spec)

        def __hash__(self):
            return hash(self.name)

        def __reduce_ex__(self, protocol):
            return type(self), (self.value,)

        def __copy__(self):
            return self

        def __deepcopy__(self, memo):
            return self

    class IntEnum(int, Enum):
        """See enum.IntEnum."""

        __repr__ = Enum.__repr__
        __str__ = int.__repr__
        __format__ = int.__format__
