"""C++ and Rust names as they were written: ``_ZN3Foo3barEi`` is ``Foo::bar(int)``.

The library that reads them is imported when the first mangled name is asked for. It is bounded:
a name that a hostile file makes up costs little, and is returned as it is.
"""

from functools import lru_cache

MANGLED = ("_Z", "_R")
"""How mangled names begin: those of C++ and older ones of Rust (Itanium C++ ABI), and those of
Rust (RFC 2603)."""
_SPECIAL = ("_ZT", "_ZG")
"""Virtual tables, thunks, guard variables and the like, which are named for a function or class."""
_SCHEMES = ("itanium", "rust")
_CLONES = ("cold", "constprop", "isra", "llvm", "lto_priv", "part")
_KEPT = 1 << 16


@lru_cache(maxsize=_KEPT)
def readable(name: str) -> str:
    """A symbol's name as it was written in the program; any other name as it is."""
    if not name.startswith(MANGLED):
        return name
    from demangle import demangle

    return demangle(name, language=_SCHEMES)


@lru_cache(maxsize=_KEPT)
def spellings(name: str) -> tuple[str, ...]:
    """What a user may call a symbol: the readable name; of a function of C++ also without the type
    that it returns, without its parameters, and without the arguments of its template."""
    whole = readable(name)
    if whole == name or name.startswith(_SPECIAL):
        return (whole,)
    from demangle import signature

    qualified = signature(name, language=_SCHEMES).qualified_name
    at = whole.find(f"{qualified}(") if qualified else -1
    if at < 0:
        return (whole,)
    return whole, whole[at:], qualified, _without_arguments(qualified)


def _without_arguments(qualified: str) -> str:
    """``max`` for ``max<int>``."""
    depth, at = 0, len(qualified)
    while qualified.endswith(">") and at and "operator" not in qualified:
        at -= 1
        depth += {">": 1, "<": -1}.get(qualified[at], 0)
        if not depth:
            return qualified[:at]
    return qualified


def is_clone(name: str) -> bool:
    """Whether a mangled name is that of a part or a copy which the compiler has made of a function
    (``_Z3fooi.constprop.0``)."""
    return any(f".{kind}" in name for kind in _CLONES)
