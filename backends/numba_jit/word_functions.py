"""Word functions: Python functions whose values all are 64-bit integers, for ``word_text``.

There is one type, so that nothing has to be inferred, and a function becomes text as it stands.
They are written in a part of Python: integers and their operators (not ``/``, ``%`` and ``**``),
comparisons, ``if``, ``while``, ``for`` over a ``range`` with a constant step upwards, calls of each
other and of primitives, and integer constants of modules. Results wrap; what is shifted by 64 or
more is undefined.
"""

from collections.abc import Callable

import attrs


class WordError(Exception):
    """A function that is not a word function. The message says where, and why."""


@attrs.frozen
class Primitive:
    """What a word function can do besides: lines of LLVM, in which ``{0}`` and so on are operands,
    and ``{r}`` is the name of the result and the beginning of all other names."""

    arity: int
    lines: str
    returns: bool = True

    def __call__(self, *_: int) -> int:
        raise TypeError("a primitive is there in compiled functions only")


def word_function(function: Callable[..., int]) -> Callable[..., int]:
    """Mark a function as one that is compiled where compiled functions call it."""
    _MARKED.add(function)
    return function


def is_word_function(value: object) -> bool:
    """Whether a value is a function that was marked."""
    return value in _MARKED


_MARKED: set[object] = set()
