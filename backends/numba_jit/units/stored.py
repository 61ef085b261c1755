"""What a block has stored, for loads from there: they take the value, and do not access memory.

A host takes long to load what several stores have just written, and guests put vectors together in
that way. What was stored can be loaded: the host lets read what it lets write. Of what others write
meanwhile, a processor need not see anything before its own store.
"""

from backends.numba_jit.units.frame import LLVM_TYPES
from backends.numba_jit.units.unit_text import UnitText
from dbt.interfaces import PAGE
from dbt.ir.block import Value
from dbt.ir.types import Type

_HALF = 4


def note(u: UnitText, root: Value | None, offset: int, type_: Type, value: str) -> None:
    """Note that a value was stored at the sum of a value, or none, and a constant. Nothing is known
    any more of what is around other values: it may be the same place. So may what is whole pages
    away, if memory is mapped twice."""
    if u.stored_around is not root:
        u.stored, u.stored_around = {}, root
    for place, (other, _) in list(u.stored.items()):
        behind, before = (offset - place) % PAGE, (place - offset) % PAGE
        if behind < other.bytes or before < type_.bytes:
            del u.stored[place]
    u.stored[offset] = type_, value


def found(u: UnitText, root: Value | None, offset: int, type_: Type) -> str:
    """The text of what was stored there, in this type; empty if that is not known."""
    if u.stored_around is not root or offset not in u.stored:
        return ""
    kind = LLVM_TYPES[type_.name]
    stored, value = u.stored[offset]
    if stored is type_:
        return value
    if stored.bytes < _HALF:
        return ""
    if stored.bytes == type_.bytes:
        return u.new(f"bitcast {LLVM_TYPES[stored.name]} {value} to {kind}")
    upper = u.stored.get(offset + _HALF)
    if type_.bytes != 2 * _HALF or stored.bytes != _HALF or upper is None:
        return ""
    return _joined(u, [u.stored[offset], upper], kind) if upper[0].bytes == _HALF else ""


def _joined(u: UnitText, halves: list[tuple[Type, str]], kind: str) -> str:
    """Two words as one number."""
    pair = "poison"
    for index, (type_, value) in enumerate(halves):
        name = LLVM_TYPES[type_.name]
        word = value if name == "i32" else u.new(f"bitcast {name} {value} to i32")
        pair = u.new(f"insertelement <2 x i32> {pair}, i32 {word}, i32 {index}")
    return pair if kind == "<2 x i32>" else u.new(f"bitcast <2 x i32> {pair} to {kind}")
