"""The op table: every op of the IR, its operands, result and effects.

Everything that asks "what is this op" asks its row: the verifier its signature, the passes its
effects, ``docs/ir.md`` its text. ``dbt/ir/evaluate.py`` says what each op computes.

Signatures name operands and result: ``T`` is any integer type, the same in the whole row; ``F`` is
f32 or f64, likewise; ``V`` is v64 or v128, likewise; ``A`` is any type at all; ``imm:`` names an
immediate (Python ``int`` or ``str``) printed after the op.
``I*`` are as many operands as one likes, up to ``MOST_ARGUMENTS``, each of any integer type.
"""

import enum
from collections.abc import Collection

from dbt.classes import attrs

MOST_ARGUMENTS = 6
"""Operands that ``invoke`` may have."""


class Effect(enum.Flag):
    """What an op does besides computing its result."""

    PURE = 0
    READS_STATE = enum.auto()
    WRITES_STATE = enum.auto()
    READS_MEMORY = enum.auto()
    WRITES_MEMORY = enum.auto()
    MAY_STOP = enum.auto()
    INSTRUMENTATION = enum.auto()
    MARK = enum.auto()


_UNDOABLE = ~(Effect.READS_STATE | Effect.MARK).value


@attrs.frozen(eq=False)
class Op:
    """One row: ``args`` and ``result`` are type letters or names; ``imm`` names the immediates."""

    name: str
    args: tuple[str, ...]
    result: str | None
    effects: Effect
    doc: str
    imm: tuple[str, ...] = ()
    has_status: bool = False
    """The last operand is the floating-point status before the op. What it is after the op, the op
    ``fstatus`` gives."""

    vector: bool = False
    """It computes with lanes of vectors (``dbt/ir/vectors.py``)."""

    # Asked for every instruction that is built or rewritten, so they are stored.
    pure: bool = attrs.field(init=False)
    """The op only computes a result from its operands."""
    conditional: bool = attrs.field(init=False)
    """The op may carry ``when``: it has an effect that can be left undone."""
    may_stop: bool = attrs.field(init=False)
    """The op can leave the block before its end."""
    variadic: bool = attrs.field(init=False)
    """The op takes any number of integers as operands, up to ``MOST_ARGUMENTS``."""

    def __attrs_post_init__(self) -> None:
        effects = self.effects.value  # an operator of flags takes microseconds
        object.__setattr__(self, "pure", not effects)
        object.__setattr__(self, "conditional", bool(effects & _UNDOABLE))
        object.__setattr__(self, "may_stop", bool(effects & Effect.MAY_STOP.value))
        object.__setattr__(self, "variadic", self.args == ("I*",))

    def __str__(self) -> str:
        return self.name


OPS: dict[str, Op] = {}


def _op(
    name: str, signature: str, doc: str, effects: Effect = Effect.PURE, imm: tuple[str, ...] = ()
) -> Op:
    args, _, result = signature.partition("->")
    row = Op(name, tuple(args.split()), result.strip() or None, effects, doc, imm)
    OPS[name] = row
    return row


def require_all(handled: Collection[Op], where: str) -> None:
    """Check that a module, ``where``, handles every op of the table: called when it is imported,
    by all that look ops up in tables of their own.

    Raises NotImplementedError, which names the ops that are not in ``handled``.
    """
    missing = [op.name for op in OPS.values() if op not in handled]
    if missing:
        raise NotImplementedError(f"{where} does not handle the op {', '.join(missing)}")


_E = Effect

# -- Arithmetic and logic. Results wrap to the width of T ------------------------------------
ADD = _op("add", "T T -> T", "Sum.")
SUB = _op("sub", "T T -> T", "Difference.")
MUL = _op("mul", "T T -> T", "Low half of the product.")
UDIV = _op("udiv", "T T -> T", "Unsigned quotient, rounded towards zero; 0 when dividing by 0.")
SDIV = _op(
    "sdiv", "T T -> T", "Signed quotient, rounded towards zero; 0 by 0; minimum / -1 is minimum."
)
AND = _op("and", "T T -> T", "Bitwise and.")
OR = _op("or", "T T -> T", "Bitwise or.")
XOR = _op("xor", "T T -> T", "Bitwise exclusive or.")
NOT = _op("not", "T -> T", "Bitwise complement.")
NEG = _op("neg", "T -> T", "Two's complement negation.")

# -- Shifts. The amount is unsigned and has the operand's type; every amount is defined ------
SHL = _op("shl", "T T -> T", "Shift left; 0 when the amount is the width or more.")
SHR = _op("shr", "T T -> T", "Logical shift right; 0 when the amount is the width or more.")
SAR = _op("sar", "T T -> T", "Arithmetic shift right; copies of the sign for large amounts.")
ROR = _op("ror", "T T -> T", "Rotate right by the amount modulo the width.")
CLZ = _op("clz", "T -> T", "Number of leading zeros; the width for 0.")
BSWAP = _op("bswap", "T -> T", "Reverse the bytes (i16, i32, i64).")
RBIT = _op("rbit", "T -> T", "Reverse the bits.")
CRC32 = _op(
    "crc32",
    "T -> T",
    "The remainder of 32 bits, the lowest first, by CRC-32's polynomial 0x04C11DB7 (i32).",
)
CRC32C = _op("crc32c", "T -> T", "The same with Castagnoli's polynomial, 0x1EDC6F41.")

# -- Comparison and choice --------------------------------------------------------------------
EQ = _op("eq", "T T -> i1", "Equal.")
NE = _op("ne", "T T -> i1", "Not equal.")
ULT = _op("ult", "T T -> i1", "Unsigned less than.")
ULE = _op("ule", "T T -> i1", "Unsigned less than or equal.")
SLT = _op("slt", "T T -> i1", "Signed less than.")
SLE = _op("sle", "T T -> i1", "Signed less than or equal.")
SELECT = _op("select", "i1 A A -> A", "The second operand when the first is 1, else the third.")
CARRY = _op("carry", "T T i1 -> i1", "Carry out of the unsigned sum of all three operands.")
OVERFLOW = _op("overflow", "T T i1 -> i1", "Signed overflow of the sum of all three operands.")

# -- Width. The result type is written on the result ------------------------------------------
ZEXT = _op("zext", "T -> R", "Extend with zeros to a wider type.")
SEXT = _op("sext", "T -> R", "Extend with the sign to a wider type.")
TRUNC = _op("trunc", "T -> R", "Keep the low bits.")
BITCAST = _op("bitcast", "A -> R", "The same bits as another type of the same width.")

# -- Floating point: the sign, which is no arithmetic, and raises nothing for a NaN -----------
FNEG = _op("fneg", "F -> F", "The sign inverted, also of a NaN.")
FABS = _op("fabs", "F -> F", "The sign 0, also of a NaN.")


# -- Floating point. The last operand is the status: how to round, and what has been raised ----
def _floating(name: str, signature: str, doc: str, imm: tuple[str, ...] = ()) -> Op:
    args, _, result = signature.partition("->")
    row = Op(name, tuple(args.split()), result.strip(), Effect.PURE, doc, imm, has_status=True)
    OPS[name] = row
    return row


FADD = _floating("fadd", "F F i32 -> F", "Sum.")
FSUB = _floating("fsub", "F F i32 -> F", "Difference.")
FMUL = _floating("fmul", "F F i32 -> F", "Product.")
FDIV = _floating("fdiv", "F F i32 -> F", "Quotient.")
FSQRT = _floating("fsqrt", "F i32 -> F", "Square root.")
FMA = _floating(
    "fma", "F F F i32 -> F", "The product of the first two, plus the third, rounded once."
)
FMIN = _floating("fmin", "F F i32 -> F", "The lesser; a NaN if one is; -0 is less than 0.")
FMAX = _floating("fmax", "F F i32 -> F", "The greater, likewise.")
FCMP = _floating(
    "fcmp",
    "F F i32 -> i8",
    "0 when equal, 1 less, 2 greater, 3 unordered; only signalling NaNs are invalid.",
)
FCMPE = _floating("fcmpe", "F F i32 -> i8", "As `fcmp`, but every NaN is invalid.")
FCVT = _floating("fcvt", "F i32 -> R", "The same number in the other floating type.")
HALF_TO_F = _floating("half_to_f", "i16 i32 -> f32", "The number that 16 bits hold.")
F_TO_HALF = _floating("f_to_half", "F i32 -> i16", "The same number in 16 bits.")
SINT_TO_F = _floating(
    "sint_to_f", "i32 i32 -> R", "A signed integer, divided by 2 to the *fraction*.", ("fraction",)
)
UINT_TO_F = _floating("uint_to_f", "i32 i32 -> R", "The same of an unsigned one.", ("fraction",))
F_TO_SINT = _floating(
    "f_to_sint",
    "F i32 -> i32",
    "The number times 2 to the *fraction*, rounded to an integer; the nearest of so many *bits* if"
    " it does not fit, which is invalid, and 0 of a NaN.",
    ("bits", "fraction"),
)
F_TO_UINT = _floating("f_to_uint", "F i32 -> i32", "The same, unsigned.", ("bits", "fraction"))
FRINT = _floating(
    "frint",
    "F i32 -> F",
    "The number rounded to an integer, which is never INEXACT. The *mode* is 0 to 3 as a status has"
    " it, 4 to nearest with halves away from 0, 5 that of the status.",
    ("mode",),
)
FSTATUS = _op("fstatus", "A -> i32", "The status after the operation whose result is the operand.")


# -- Vectors. The immediate *lane* is the type of the lanes ----------------------------------
def _lanes(name: str, signature: str, doc: str, *imm: str, status: bool = False) -> Op:
    args, _, result = signature.partition("->")
    row = Op(
        name, tuple(args.split()), result.strip(), Effect.PURE, doc, imm,
        has_status=status, vector=True,
    )  # fmt: skip
    OPS[name] = row
    return row


VAND = _lanes("vand", "V V -> V", "Bitwise and.")
VOR = _lanes("vor", "V V -> V", "Bitwise or.")
VXOR = _lanes("vxor", "V V -> V", "Bitwise exclusive or.")
VNOT = _lanes("vnot", "V -> V", "Bitwise complement.")
VBITS = _lanes(
    "vbits", "V V V -> V", "The bits of the second operand where the first has 1, else the third's."
)
VADD = _lanes("vadd", "V V -> V", "Sums.", "lane")
VSUB = _lanes("vsub", "V V -> V", "Differences.", "lane")
VMUL = _lanes("vmul", "V V -> V", "Low halves of products.", "lane")
VSADD_SAT = _lanes("vsadd_sat", "V V -> V", "Signed sums, or the nearest number of a lane.", "lane")
VUADD_SAT = _lanes("vuadd_sat", "V V -> V", "The same, unsigned.", "lane")
VSSUB_SAT = _lanes(
    "vssub_sat", "V V -> V", "Signed differences, or the nearest number of a lane.", "lane"
)
VUSUB_SAT = _lanes("vusub_sat", "V V -> V", "The same, unsigned.", "lane")
VSMIN = _lanes("vsmin", "V V -> V", "The lesser of two signed lanes.", "lane")
VSMAX = _lanes("vsmax", "V V -> V", "The greater of two signed lanes.", "lane")
VUMIN = _lanes("vumin", "V V -> V", "The lesser of two unsigned lanes.", "lane")
VUMAX = _lanes("vumax", "V V -> V", "The greater of two unsigned lanes.", "lane")
VEQ = _lanes("veq", "V V -> V", "All ones where lanes are equal, else 0.", "lane")
VSLT = _lanes("vslt", "V V -> V", "All ones where a signed lane is less, else 0.", "lane")
VULT = _lanes("vult", "V V -> V", "All ones where an unsigned lane is less, else 0.", "lane")
VSHL = _lanes("vshl", "V V -> V", "As `shl`, by the amount in the same lane.", "lane")
VSHR = _lanes("vshr", "V V -> V", "As `shr`, by the amount in the same lane.", "lane")
VSAR = _lanes("vsar", "V V -> V", "As `sar`, by the amount in the same lane.", "lane")
VCLZ = _lanes("vclz", "V -> V", "Number of leading zeros of each lane.", "lane")
VPOPCOUNT = _lanes("vpopcount", "V -> V", "Number of ones of each lane.", "lane")
VANY = _lanes("vany", "V -> i1", "Whether any bit is 1.")
VSPLAT = _lanes("vsplat", "T -> R", "A vector, all lanes of which are the operand.", "lane")
VEXTRACT = _lanes("vextract", "V -> R", "The lane with the number *index*.", "lane", "index")
VINSERT = _lanes("vinsert", "V T -> V", "The vector with another such lane.", "lane", "index")
VZEXT = _lanes("vzext", "v64 -> v128", "Lanes extended with zeros to twice the width.", "lane")
VSEXT = _lanes("vsext", "v64 -> v128", "Lanes extended with the sign to twice the width.", "lane")
VTRUNC = _lanes("vtrunc", "v128 -> v64", "The low halves of lanes.", "lane")
VHALF = _lanes("vhalf", "v128 -> v64", "The low half, or the high one if *index* is 1.", "index")
VCONCAT = _lanes("vconcat", "v64 v64 -> v128", "The first operand as low half, then the second.")
VSHUFFLE = _lanes(
    "vshuffle",
    "V V -> V",
    "The lanes with the numbers *indices*, which are written with spaces; those of the second"
    " operand follow those of the first.",
    "lane",
    "indices",
)
VTABLE = _lanes(
    "vtable", "v128 V -> V", "Bytes of the first operand by number; 0 for numbers above 15."
)
VCLMUL = _lanes("vclmul", "v64 v64 -> v128", "The product of polynomials over GF(2).")

# -- Ciphers and digests. AES's state is 16 bytes, SHA's four words, the first the lowest ---------
VAES_SUB = _lanes("vaes_sub", "v128 -> v128", "AES: ShiftRows and SubBytes.")
VAES_UNSUB = _lanes("vaes_unsub", "v128 -> v128", "AES: InvShiftRows and InvSubBytes.")
VAES_MIX = _lanes("vaes_mix", "v128 -> v128", "AES: MixColumns.")
VAES_UNMIX = _lanes("vaes_unmix", "v128 -> v128", "AES: InvMixColumns.")
VSHA1 = _lanes(
    "vsha1",
    "v128 i32 v128 -> v128",
    "Four rounds of SHA-1: a to d after them, of a to d, e, and four words with the constant added."
    " The *index* is 0 for choice, 1 for parity, 2 for majority.",
    "index",
)
VSHA256 = _lanes(
    "vsha256",
    "v128 v128 v128 -> v128",
    "Four rounds of SHA-256: a to d after them, or e to h if *index* is 1, of a to d, e to h, and"
    " four words with the constants added.",
    "index",
)


# -- Vectors of floating point, whose lanes are f32. Lanes are computed one after another, each
# -- with the status after the one before
def _floating_lanes(name: str, signature: str, doc: str, *imm: str) -> Op:
    return _lanes(name, signature, doc, *imm, status=True)


VFADD = _floating_lanes("vfadd", "V V i32 -> V", "As `fadd`.")
VFSUB = _floating_lanes("vfsub", "V V i32 -> V", "As `fsub`.")
VFMUL = _floating_lanes("vfmul", "V V i32 -> V", "As `fmul`.")
VFMA = _floating_lanes("vfma", "V V V i32 -> V", "As `fma`.")
VFMIN = _floating_lanes("vfmin", "V V i32 -> V", "As `fmin`.")
VFMAX = _floating_lanes("vfmax", "V V i32 -> V", "As `fmax`.")
VFEQ = _floating_lanes("vfeq", "V V i32 -> V", "All ones where `fcmp` finds lanes equal, else 0.")
VFLT = _floating_lanes("vflt", "V V i32 -> V", "All ones where `fcmpe` finds less, else 0.")
VFLE = _floating_lanes("vfle", "V V i32 -> V", "The same for less or equal.")
VSINT_TO_F = _floating_lanes("vsint_to_f", "V i32 -> V", "As `sint_to_f`.", "fraction")
VUINT_TO_F = _floating_lanes("vuint_to_f", "V i32 -> V", "As `uint_to_f`.", "fraction")
VF_TO_SINT = _floating_lanes("vf_to_sint", "V i32 -> V", "As `f_to_sint` to 32 bits.", "fraction")
VF_TO_UINT = _floating_lanes("vf_to_uint", "V i32 -> V", "As `f_to_uint` to 32 bits.", "fraction")

# -- Guest state and memory -------------------------------------------------------------------
GET = _op("get", "-> S", "Read a guest state slot.", _E.READS_STATE, ("slot",))
SET = _op("set", "S ->", "Write a guest state slot.", _E.WRITES_STATE, ("slot",))
LOAD = _op(
    "load",
    "i32 -> R",
    "Little-endian load, any alignment; 0 when its `when` is 0. Stops with a fault.",
    _E.READS_MEMORY | _E.MAY_STOP,
)
STORE = _op(
    "store",
    "i32 A ->",
    "Little-endian store, any alignment. Stops with a fault before anything is written.",
    _E.WRITES_MEMORY | _E.MAY_STOP,
)
EXCHANGE = _op(
    "exchange",
    "i32 T -> T",
    "Little-endian load and store in one step, also to other processes: store the second operand;"
    " what was there, 0 when its `when` is 0. Stops with a fault where a store would, and where the"
    " address is not a multiple of the size.",
    _E.READS_MEMORY | _E.WRITES_MEMORY | _E.MAY_STOP,
)
COMPARE_EXCHANGE = _op(
    "compare_exchange",
    "i32 T T -> T",
    "The same, which only stores the third operand if the second is there. Also where it is not, it"
    " stops with a fault where a store would.",
    _E.READS_MEMORY | _E.WRITES_MEMORY | _E.MAY_STOP,
)
FENCE = _op(
    "fence",
    "->",
    "To other processes, accesses to memory before it come before those behind it. `exchange` and"
    " `compare_exchange` do the same; of other accesses, stores may come after later loads.",
    _E.READS_MEMORY | _E.WRITES_MEMORY,
)
CHECK_ALIGN = _op(
    "check_align",
    "i32 ->",
    "Stop with a fault unless the address is a multiple of *bytes*, a power of two."
    " It stands before the accesses that need it, and touches no memory itself.",
    _E.MAY_STOP,
    ("bytes",),
)

ATOMIC = frozenset({EXCHANGE, COMPARE_EXCHANGE})
"""Accesses that load and store in one step."""
STORING = ATOMIC | {STORE}
"""Accesses that store."""
ACCESSES = STORING | {LOAD}
"""What accesses guest memory."""

# -- Marks -------------------------------------------------------------------------------------
INSN = _op("insn", "->", "The next guest instruction: its pc and size.", _E.MARK, ("pc", "size"))

# -- Instrumentation ---------------------------------------------------------------------------
COUNT = _op("count", "->", "Add 1 to a 64-bit counter.", _E.INSTRUMENTATION, ("counter",))
PUSH = _op("push", "i32 ->", "Push on a named side stack.", _E.INSTRUMENTATION, ("stack",))
POP = _op(
    "pop", "-> i32", "Pop from a named side stack; 0 when empty.", _E.INSTRUMENTATION, ("stack",)
)
TRAP_IF = _op(
    "trap_if",
    "i1 ->",
    "Stop the guest, before the current instruction completes, when the operand is 1.",
    _E.INSTRUMENTATION | _E.MAY_STOP,
    ("reason",),
)
INVOKE = _op(
    "invoke",
    "I* ->",
    "Call a native function with the operands, extended with zeros to i64. All state is in its"
    " slots before, and read again after; the function cannot change where the guest continues.",
    _E.INSTRUMENTATION | _E.READS_STATE | _E.WRITES_STATE,
    ("function",),
)
