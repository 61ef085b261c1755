"""Values that are given to guest functions, and their types: classes of ctypes.

A class means what its size and kind mean on the host: ``c_long`` is 64 bits there, so a guest's
``long`` is ``c_int32``. Pointers are the guest's, 32 bits.
"""

import ctypes
import functools
import struct

from dbt import choices
from dbt.classes import attrs
from dbt.interfaces import Scalar
from dbt.stops import UsageError
from dbt.typing import Any, TypeAlias

Value: TypeAlias = Any
"""A whole number, bytes, bytearray or memoryview, a text, None, a float, or an object of ctypes."""
_SIGNED, _UNSIGNED, _FLOATS, _POINTERS = "bhilq", "BHILQ?c", "fd", "PzZ"


@attrs.frozen
class Kind:
    """The type of an argument or a result. ``is_word``: a whole number of 32 bits is passed as it
    is; ``is_pointer``: it may be an address, so that buffers are passed by theirs."""

    scalar: Scalar
    is_word: bool = False
    is_pointer: bool = False
    simple: Any = None
    """The class of ctypes; None for addresses."""

    def value(self, number: int) -> Any:
        """The Python value of a result, whose lowest bits are in ``number``: as ctypes has it."""
        size = self.scalar.size
        number &= (1 << 8 * size) - 1
        if self.simple is None:
            return number
        return self.simple.from_buffer_copy(number.to_bytes(size, "little")).value


WORD = Kind(Scalar(4), is_word=True, is_pointer=True)
"""What has no declared type: a number of 32 bits, or a buffer by its address."""
_POINTER = Kind(Scalar(4), is_word=True, is_pointer=True)
_CODE = "_type_"
"""ctypes' attribute of simple types: a letter, mostly that of the module struct."""
_FORMATS = {4: "<f", 8: "<d"}


@functools.lru_cache(maxsize=256)
def kind_of(type_: Any) -> Kind:
    """The kind of a class of ctypes. Raises UsageError for what is no simple type or pointer."""
    if isinstance(type_, type):
        if issubclass(type_, ctypes._Pointer):
            return _POINTER
        if issubclass(type_, ctypes._SimpleCData):
            code, size = getattr(type_, _CODE), ctypes.sizeof(type_)
            if code in _POINTERS:
                return _POINTER
            if code in _FLOATS:
                return Kind(Scalar(size, floating=True), simple=type_)
            if code in _SIGNED or code in _UNSIGNED:
                scalar = Scalar(size, signed=code in _SIGNED)
                return Kind(scalar, is_word=size == 4, simple=type_)
    raise UsageError(
        f"a type is a simple one of ctypes, such as c_int32 or c_double, not {choices.shown(type_)}"
    )


def kind_of_value(value: Value) -> Kind:
    """The kind of an argument without a declared type. Raises UsageError."""
    if isinstance(value, float):
        raise UsageError(
            f"declare the types of floats: argtypes=[ctypes.c_double], or c_double({value!r})"
        )
    return kind_of(type(value)) if isinstance(value, ctypes._SimpleCData) else WORD


def buffer_of(value: Value) -> bytes | None:
    """What a buffer holds, with a NUL behind it; None for what is none."""
    if isinstance(value, ctypes.c_char_p):
        value = value.value
    if isinstance(value, str):
        try:
            return value.encode() + b"\0"
        except UnicodeEncodeError:
            raise UsageError(f"{choices.shown(value)} has no bytes in UTF-8") from None
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value) + b"\0"
    return None


def word_of(kind: Kind, value: Value) -> int:
    """The bits of an argument. Raises UsageError for one that does not fit its type."""
    if isinstance(value, ctypes._SimpleCData):
        value = value.value
    if value is None and kind.is_pointer:
        return 0
    size = kind.scalar.size
    if kind.scalar.floating:
        if not isinstance(value, int | float):
            raise UsageError(f"a float is passed here, not {choices.shown(value)}")
        try:
            return int.from_bytes(struct.pack(_FORMATS[size], value), "little")
        except OverflowError:
            raise UsageError(f"{value!r} does not fit a float of {size} bytes") from None
    if isinstance(value, bytes) and len(value) == size == 1:
        value = value[0]  # c_char
    if kind.is_pointer and not hasattr(value, "__index__"):
        raise UsageError(
            "an argument is a whole number, a text, bytes or a bytearray, not"
            f" {choices.shown(value)}"
        )
    number = int(value) if isinstance(value, bool) else value
    least, most = -(1 << 8 * size - 1), (1 << 8 * size) - 1
    checked = choices.whole("an argument", number, least=least, most=most)
    if size < 4 and kind.scalar.signed and checked >> 8 * size - 1 == 1:
        checked -= 1 << 8 * size  # what ctypes makes of it; registers have it extended
    if size < 4 and not kind.scalar.signed:
        return checked & most
    return checked & (1 << 8 * max(4, size)) - 1
