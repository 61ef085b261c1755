"""The types of IR values. A type is a width and a kind; sign lives in the ops."""

from dbt.classes import attrs


@attrs.frozen
class Type:
    """A value type: its textual name, its width in bits and whether it is floating point."""

    name: str
    bits: int
    floating: bool = False
    overlapping: bool = False
    """Slots of this type may share bytes of the state with others (``Layout.overlaps``)."""

    @property
    def mask(self) -> int:
        """All ones in this width."""
        return (1 << self.bits) - 1

    @property
    def bytes(self) -> int:
        """Size in guest memory, in bytes (an ``i1`` takes one)."""
        return (self.bits + 7) // 8

    def __str__(self) -> str:
        return self.name


I1 = Type("i1", 1)
I8 = Type("i8", 8)
I16 = Type("i16", 16)
I32 = Type("i32", 32)
I64 = Type("i64", 64)
F32 = Type("f32", 32, floating=True, overlapping=True)
F64 = Type("f64", 64, floating=True, overlapping=True)
V64 = Type("v64", 64, overlapping=True)
V128 = Type("v128", 128, overlapping=True)

TYPES = {t.name: t for t in (I1, I8, I16, I32, I64, F32, F64, V64, V128)}
INTEGERS = (I1, I8, I16, I32, I64)
VECTORS = (V64, V128)
"""Vectors. What lanes they have is up to each op: an immediate says it."""
LANES = {t.name: t for t in (I8, I16, I32, I64, F32)}
"""The types that lanes may have. Lane 0 is in the least significant bits."""
