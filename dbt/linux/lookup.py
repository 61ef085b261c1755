"""Finds a symbol by a name that no symbol table has as it is: one of C++ or Rust, as it was
written; and names that are similar to one that nothing has."""

import re
from collections.abc import Iterable, Sequence

from dbt import choices
from dbt.demangling import MANGLED, is_clone, readable, spellings
from dbt.loader.symbols import Symbol, SymbolFile

MOST_READ = 20_000
"""Mangled names that are read to find a similar one: 2 s."""
_WORD = re.compile(r"~?(\w+)\Z")


def by_spelling(name: str, files: Iterable[SymbolFile]) -> tuple[SymbolFile, Symbol] | None:
    """The symbol that is written so, with or without parameters, and its file; None if there is
    none. Of files that have the same mangled name the first counts, as for the loader; copies and
    parts that the compiler made of a function do if there is nothing else. Raises AmbiguousName."""
    wanted, part = _squeezed(name), _fragment(name)
    whole: dict[str, tuple[SymbolFile, Symbol]] = {}
    others: dict[str, tuple[SymbolFile, Symbol]] = {}
    for file in files:
        for symbol in file.symbols:
            if not symbol.name.startswith(MANGLED) or part not in symbol.name:
                continue
            given = [_squeezed(text) for text in spellings(symbol.name)]
            if wanted in given:
                exact = wanted in given[:2]
                (whole if exact else others).setdefault(symbol.name, (file, symbol))
    return _only(name, whole) or _only(name, others)


def _only(
    name: str, found: dict[str, tuple[SymbolFile, Symbol]]
) -> tuple[SymbolFile, Symbol] | None:
    """The one that was found, at whatever number of names. Raises AmbiguousName."""
    chosen = {key: value for key, value in found.items() if not is_clone(key)} or found
    places = {(file.path, symbol.location): symbol for file, symbol in chosen.values()}
    if len(places) > 1:
        raise choices.ambiguous("symbol", name, _distinct(places.values()))
    return next(iter(chosen.values()), None)


def _distinct(symbols: Iterable[Symbol]) -> list[str]:
    """A name for each symbol that no other has: the mangled one where the readable one is the same
    (constructors)."""
    named: dict[str, list[str]] = {}
    for symbol in symbols:
        named.setdefault(readable(symbol.name), []).append(symbol.name)
    return [
        name for text, names in named.items() for name in ([text] if len(names) == 1 else names)
    ]


def _squeezed(text: str) -> str:
    return text.replace(" ", "")


def _fragment(name: str) -> str:
    """A text that each mangled name for ``name`` has in it, as far as one is known: the function's
    own name. Constructors have none, nor have operators."""
    before = name.partition("(")[0].rstrip()
    parts = before.split("::")
    own = _WORD.match(parts[-1])
    outer = parts[-2].partition("<")[0] if len(parts) > 1 else ""
    return own[1] if own and own[0] == own[1] != outer and own[1] != "operator" else ""


def similar(name: str, files: Sequence[SymbolFile]) -> list[str]:
    """The names among which one similar to ``name`` may be: those of C++ and Rust as they were
    written, with parameters where ``name`` has some."""
    which = 1 if "(" in name else 2
    found: dict[str, None] = {}
    left = MOST_READ
    for file in files:
        for symbol in file.symbols:
            if not symbol.name.startswith(MANGLED):
                found[symbol.name] = None
            elif left:
                left -= 1
                found[(spellings(symbol.name) * 3)[which]] = None
    return list(found)
