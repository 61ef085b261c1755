"""What is to be known of the passes that a library has built in."""

import sys
from collections.abc import Sequence

from backends.numba_jit.stencils import abi as words
from dbt.classes import attrs
from dbt.interfaces import Local

_OURS = Local.__module__.partition(".")[0]
"""The package that our passes are in."""
_BITS = {"head": words.HEADS, "exit": words.EXITS, "instruction": words.INSTRUCTIONS}


def places_of(passes: Sequence[Local]) -> int:
    """The bits of PASSES for passes."""
    bits = 0
    for pass_ in passes:
        bits |= _BITS[pass_.place]
    return bits


def is_kept(pass_: Local) -> bool:
    """True when a library for a pass can be kept on disk: the pass is one of ours, which depend on
    nothing but their files and options, of which Python shows no address."""
    ours = type(pass_).__module__.partition(".")[0] == _OURS
    return ours and attrs.has(type(pass_)) and " at 0x" not in repr(pass_)


def sources_of(passes: Sequence[Local]) -> list[str]:
    """The files of the modules that define passes and what they inherit from."""
    classes = [class_ for pass_ in passes for class_ in type(pass_).__mro__[:-1]]
    files = [getattr(sys.modules[class_.__module__], "__file__", None) for class_ in classes]
    return [file for file in files if file]
