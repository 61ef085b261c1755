"""A32 exceptions, status register, hints, barriers and the few coprocessor registers users see.

What has no row is undefined: saved status registers, RFE, SRS, every other coprocessor
register.

Fields
    c cond     d m  Rd or Rt, Rm     i immediate     r rotation     k field mask
"""

A32 = """
# -- Exceptions ---------------------------------------------------------------------------
SVC        cccc 1111 iiiiiiiiiiiiiiiiiiiiiiii                 v4
BKPT       1110 0001 0010 ---- ---- ---- 0111 ----            v5T
UDF        ---- 0111 1111 ---- ---- ---- 1111 ----            v4

# -- Status register. MSR_imm with an empty mask is the hint space --------------------------
MRS        cccc 0001 0000 1111 dddd 0000 0000 0000            v4
MSR_reg    cccc 0001 0010 kkkk 1111 0000 0000 mmmm            v4
MSR_imm    cccc 0011 0010 kkkk 1111 rrrr iiiiiiii             v4
HINT       cccc 0011 0010 0000 1111 ---- --------             v6K

# -- Unconditional: barriers, and mode changes a user program may not make --------------------
DSB        1111 0101 0111 1111 1111 0000 0100 ----            v7
DMB        1111 0101 0111 1111 1111 0000 0101 ----            v7
ISB        1111 0101 0111 1111 1111 0000 0110 ----            v7
SETEND_LE  1111 0001 0000 0001 0000 0000 0000 0000            v6
SETEND_BE  1111 0001 0000 0001 0000 0010 0000 0000            v6
CPS        1111 0001 0000 --- 0 0000 000 --- 0 -----          v6

# -- Coprocessor 15 -----------------------------------------------------------------------------
MRC_TLS    cccc 1110 0001 1101 dddd 1111 0111 0000            v6K
MRC_TLSW   cccc 1110 0001 1101 dddd 1111 0101 0000            v6K
MCR_TLSW   cccc 1110 0000 1101 dddd 1111 0101 0000            v6K
MRC_PMUSER cccc 1110 0001 1001 dddd 1111 0001 1110            v7
MCR_ISB    cccc 1110 0000 0111 ---- 1111 1001 0101            v6
MCR_DSB    cccc 1110 0000 0111 ---- 1111 1001 1010            v6
MCR_DMB    cccc 1110 0000 0111 ---- 1111 1011 1010            v6
"""
