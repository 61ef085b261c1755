"""The tier-0 instruction set: one row per operation, numbered in order.

A word is ``op | d << 8 | a << 16 | b << 24 | imm << 32``: three register numbers and 32 bits. A
register is a u32 of the state buffer: the guest's slots first, temporaries after them. 64-bit
values take two neighbours. In the notation, capital letters are contents and ``#`` is imm.
"""

OPERATIONS = """
    HOLE        nothing: never reached
    PROBE       leave when block # has a probe
    ENTER       d|a<<8 instructions of fuel, block #
    ENTER_HOT   the same, and count the execution
    TO_UNIT     leave for the compiled unit of block #
    GOTO        link target #; the next word holds the link slot
    BRNZ        A != 0 goes to the upper, else to the lower half of the next word (then: slots)
    BEQ         A == B
    BNE         A != B
    BULT        A < B
    BULE        A <= B
    BSLT        A < B, signed
    BSLE        A <= B, signed
    BEQI        A == #
    BNEI        A != #
    BULTI       A < #
    BULEI       A <= #
    BSLTI       A < #, signed
    BSLEI       A <= #, signed
    BHI         A and not B
    BGT         not D and A == B
    JUMP        computed location A
    RET         return to location A
    EXIT        record #
    SKIPZ       skip # words when A is 0
    TRAPIF      record # when A is not 0
    COUNT       counter #
    PUSH        A on stack #
    POP         D from stack #
    ARG         argument d of a function = A
    ARG64       argument d of a function = A, of 64 bits
    INVOKE      call function #
    MOV         D = A
    LI          D = #
    MOVNZ       D = A when B is not 0
    SEL         D = register # ? A : B
    GETW        D = register #
    SETW        register # = A
    ADD         D = A + B
    SUB         D = A - B
    MUL         D = A * B
    UDIV        D = A / B
    SDIV        D = A / B, signed
    AND         D = A & B
    OR          D = A | B
    XOR         D = A ^ B
    SHL         D = A << B
    SHR         D = A >> B
    SAR         D = A >> B, signed
    ROR         D = A rotated right by B
    EQ          D = A == B
    NE          D = A != B
    ULT         D = A < B
    ULE         D = A <= B
    SLT         D = A < B, signed
    SLE         D = A <= B, signed
    ADDI        D = A + #
    RSBI        D = # - A
    ANDI        D = A & #
    ORI         D = A | #
    XORI        D = A ^ #
    SHLI        D = A << #, below 32
    SHRI        D = A >> #, below 32
    SARI        D = A >> #, signed, below 32
    RORI        D = A rotated right by #
    EQI         D = A == #
    NEI         D = A != #
    ULTI        D = A < #
    ULEI        D = A <= #
    SLTI        D = A < #, signed
    SLEI        D = A <= #, signed
    NOT         D = ~A
    CLZ         D = leading zeros of A
    BSWAP       D = bytes of A reversed
    RBIT        D = bits of A reversed
    SX          D = A extended from # bits
    ADDSH       D = A + (B << #)
    CARRY       D = carry out of A + B + register #
    OVERFLOW    D = signed overflow of A + B + register #
    NZ          registers B, B+1 = A is negative, A is zero
    SUBF        D = A - B; registers #..#+3 = N Z C V
    SUBFI       D = A - #; registers B..B+3 = N Z C V
    ADDF        D = A + B; registers #..#+3 = N Z C V
    ADDFI       D = A + #; registers B..B+3 = N Z C V
    LD8         D = byte at A + #
    LD16        D = halfword at A + #
    LD32        D = word at A + #
    LD64        D = doubleword at A + #
    LD128       D = 16 bytes at A + #
    LDS8        D = signed byte at A + #
    LDS16       D = signed halfword at A + #
    LDX8        D = byte at A + (B << #)
    LDX16       D = halfword at A + (B << #)
    LDX32       D = word at A + (B << #)
    ST8         byte at A + # = D
    ST16        halfword at A + # = D
    ST32        word at A + # = D
    ST64        doubleword at A + # = D
    ST128       16 bytes at A + # = D
    STX8        byte at A + (B << #) = D
    STX16       halfword at A + (B << #) = D
    STX32       word at A + (B << #) = D
    CHKR        B readable bytes at A + #, or a fault
    CHKW        B writable bytes at A + #, or a fault
    CHKA        A is a multiple of # + 1, or a fault
    LDU         D = word at A + #, known to be readable
    LDPU        D, B = two words at A + #, known to be readable
    STU         word at A + # = D, known to be writable
    STPU        two words at A + # = D, B, known to be writable
    ZX64        D = A, from 32 bits
    SX64        D = A, from 32 bits, signed
    ADD64       D = A + B
    SUB64       D = A - B
    MUL64       D = A * B
    UDIV64      D = A / B
    SDIV64      D = A / B, signed
    AND64       D = A & B
    OR64        D = A | B
    XOR64       D = A ^ B
    SHL64       D = A << B
    SHR64       D = A >> B
    SAR64       D = A >> B, signed
    ROR64       D = A rotated right by B
    EQ64        D = A == B
    NE64        D = A != B
    ULT64       D = A < B
    ULE64       D = A <= B
    SLT64       D = A < B, signed
    SLE64       D = A <= B, signed
    NOT64       D = ~A
    CLZ64       D = leading zeros of A
    BSWAP64     D = bytes of A reversed
    RBIT64      D = bits of A reversed
    SEL64       D = register # ? A : B
    CARRY64     D = carry out of A + B + register #
    OVERFLOW64  D = signed overflow of A + B + register #
"""

NAMES = tuple(line.split()[0] for line in OPERATIONS.strip().splitlines())

(
    HOLE, PROBE,
    ENTER, ENTER_HOT, TO_UNIT, GOTO,  BRNZ, BEQ, BNE, BULT, BULE, BSLT, BSLE, BEQI, BNEI,
    BULTI, BULEI, BSLTI, BSLEI, BHI, BGT,   JUMP, RET, EXIT, SKIPZ,  TRAPIF, COUNT,
    PUSH, POP, ARG, ARG64, INVOKE, MOV, LI, MOVNZ, SEL, GETW, SETW, ADD, SUB, MUL, UDIV, SDIV, AND,
    OR, XOR, SHL, SHR, SAR, ROR, EQ, NE, ULT, ULE, SLT, SLE, ADDI, RSBI, ANDI, ORI, XORI, SHLI,
    SHRI, SARI, RORI, EQI,
    NEI, ULTI, ULEI, SLTI, SLEI, NOT, CLZ, BSWAP, RBIT, SX, ADDSH, CARRY, OVERFLOW, NZ,
    SUBF, SUBFI, ADDF, ADDFI, LD8, LD16, LD32, LD64, LD128, LDS8, LDS16, LDX8, LDX16, LDX32, ST8,
    ST16, ST32, ST64, ST128, STX8, STX16, STX32, CHKR, CHKW, CHKA, LDU, LDPU, STU, STPU, ZX64,
    SX64, ADD64, SUB64, MUL64, UDIV64, SDIV64, AND64, OR64, XOR64, SHL64, SHR64, SAR64, ROR64,
    EQ64, NE64, ULT64, ULE64, SLT64, SLE64, NOT64, CLZ64, BSWAP64, RBIT64, SEL64, CARRY64,
    OVERFLOW64,
) = range(len(NAMES))  # fmt: skip
assert NAMES[OVERFLOW64] == "OVERFLOW64"
assert NAMES[LD8] == "LD8"

ACCESS = {
    LD8: (1, 1), LD16: (1, 2), LD32: (1, 4), LD64: (1, 8), LD128: (1, 16), LDS8: (1, 1),
    LDS16: (1, 2), LDX8: (1, 1), LDX16: (1, 2), LDX32: (1, 4), ST8: (2, 1), ST16: (2, 2),
    ST32: (2, 4), ST64: (2, 8), ST128: (2, 16), STX8: (2, 1), STX16: (2, 2), STX32: (2, 4),
    CHKR: (1, 0), CHKW: (2, 0), CHKA: (0, 1),
}  # fmt: skip
"""What may fault: the permission it needs (READ or WRITE; 0: it has to be aligned), and its size
(0: in field b)."""


def text(word: int) -> str:
    """One word as the listing shows it."""
    op = word & 255
    name = NAMES[op] if op < len(NAMES) else f"?{op}"
    return (
        f"{name:<10} {word >> 8 & 255:3} {word >> 16 & 255:3} {word >> 24 & 255:3} {word >> 32:#x}"
    )
