"""Loads and stores without checks, as LLVM text: the code goes on at a fixup where the host refuses
one.

An access is assembler text that LLVM takes for a branch (``callbr``, C's ``asm goto``): to what
follows, or to the way out of a refused access. So LLVM keeps what that needs, as at any branch, and
makes nothing of it but an instruction and an entry of the exception table.

A constant that is added to an address becomes a part of the instruction. It does not wrap around at
4 GiB then. What would have wrapped meets a page that nobody may access, and the evaluator executes
the instruction.
"""

from backends.native.exception_table import entry
from backends.numba_jit.units import stored
from backends.numba_jit.units.check_plan import root_of
from backends.numba_jit.units.fault import fault
from backends.numba_jit.units.frame import LLVM_TYPES
from backends.numba_jit.units.unit_text import UnitText
from dbt.classes import attrs
from dbt.interfaces import PAGE
from dbt.ir.block import Inst, Value
from dbt.ir.types import Type
from dbt.stops import Access

_LOADS = {
    1: ("movzbl", "${0:k}"), 2: ("movzwl", "${0:k}"), 4: ("movl", "${0:k}"), 8: ("movq", "${0:q}"),
    16: ("movups", "$0"),
}  # fmt: skip
_STORES = {
    1: ("movb", "${0:b}"), 2: ("movw", "${0:w}"), 4: ("movl", "${0:k}"), 8: ("movq", "${0:q}"),
    16: ("movups", "$0"),
}  # fmt: skip
"""Instructions, and what they call a register, by size in bytes."""
_FLOATING = {4: ("movss", "$0"), 8: ("movsd", "$0")}
"""The same for numbers of floating point."""


def load(u: UnitText, inst: Inst) -> str:
    """Append a load; its value."""
    type_ = inst.type
    assert type_ is not None
    known = inst.when is None and stored.found(u, *root_of(inst.args[0]), type_)
    if known:
        return known
    mnemonic, register = (_FLOATING if type_.floating else _LOADS)[type_.bytes]
    place = Place.of(u, inst)
    text = f"{mnemonic} {place.operand}, {register}"
    way_out, index = place.way_out(u, type_, Access.READ), place.index(u)
    wide, kind = _wide(type_), _kind(type_)
    code = f'"1: {text}\\0A{entry("${3:l}")}", "={kind},r,r,!i"'
    value = u.new(
        f"callbr {wide} asm sideeffect {code}"
        f"(ptr %m, {index}) to label {u.next_label(1)} [label {way_out}]"
    )
    u.open()
    llvm = LLVM_TYPES[type_.name]
    if type_.bits >= 32:
        return value if llvm == wide else u.new(f"bitcast {wide} {value} to {llvm}")
    if inst.when is None and type_.bits > 1:
        u.extended[inst] = value
    return u.new(f"trunc i32 {value} to {type_}")


def store(u: UnitText, inst: Inst) -> str:
    """Append a store."""
    value, type_ = u.value(inst.args[1]), inst.args[1].type
    assert type_ is not None
    mnemonic, register = (_FLOATING if type_.floating else _STORES)[type_.bytes]
    wide, llvm = _wide(type_), LLVM_TYPES[type_.name]
    given = value
    if type_.bits < 32:
        value = u.new(f"zext {type_} {value} to i32")
    elif llvm != wide:
        value = u.new(f"bitcast {llvm} {value} to {wide}")
    place, kind = Place.of(u, inst), _kind(type_)
    text = f"{mnemonic} {register}, {place.operand}"
    way_out, index = place.way_out(u, type_, Access.WRITE), place.index(u)
    code = f'"1: {text}\\0A{entry("${3:l}")}", "{kind},r,r,!i"'
    u.lines.append(
        f" callbr void asm sideeffect {code}"
        f"({wide} {value}, ptr %m, {index}) to label {u.next_label()} [label {way_out}]"
    )
    u.open()
    if inst.when is None:
        stored.note(u, *root_of(inst.args[0]), type_, given)
    else:
        u.forget_stored()
    return ""


def _wide(type_: Type) -> str:
    """The type of the register that holds a value."""
    if type_.floating or type_.bits == 128:
        return LLVM_TYPES[type_.name]
    return "i64" if type_.bits == 64 else "i32"


def _kind(type_: Type) -> str:
    """The constraint for such a register."""
    return "x" if type_.floating or type_.bits == 128 else "r"


@attrs.frozen
class Place:
    """What an access is made to: a value, and a constant that its instruction adds."""

    root: Value
    offset: int

    @classmethod
    def of(cls, u: UnitText, inst: Inst) -> "Place":
        root, offset = root_of(inst.args[0])
        if root is None or not u.module.folds or not -PAGE < offset < PAGE:
            return cls(inst.args[0], 0)
        return cls(root, offset)

    @property
    def operand(self) -> str:
        """Assembler text, whose base and index are the operands 1 and 2."""
        return f"{self.offset or ''}($1,$2)"

    def index(self, u: UnitText) -> str:
        """The index, with its type."""
        index = u.indices.get(self.root)
        if index is None:
            index = u.new(f"zext i32 {u.value(self.root)} to i64")
            if not u.is_aside:
                u.indices[self.root] = index
        return f"i64 {index}"

    def way_out(self, u: UnitText, type_: Type, access: Access) -> str:
        """Append the way out when the host refuses the access; its label. The address is computed
        there: LLVM may compute what the hot code needs of it later."""
        name = f"%c{u.cold_number}w"
        before = (
            f"\n {name}0 = add i32 {u.value(self.root)}, {self.offset}"
            f"\n {name} = zext i32 {name}0 to i64"
        )
        return fault(u, name, type_.bytes, access, before)
