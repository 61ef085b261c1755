"""T32 exceptions, IT, status register, hints, barriers and coprocessor registers that users see.

Fields
    d m  Rd or Rt, Rm     i immediate     k field mask     f M  first condition and mask of IT
"""

T32 = """
# -- 16 bits ------------------------------------------------------------------------------
SETEND_LE   1011 0110 0101 0000                             v6    it=no
SETEND_BE   1011 0110 0101 1000                             v6    it=no
CPS         1011 0110 011 - 0 - - -                         v6    it=no
BKPT        1011 1110 --------                              v5T
IT          1011 1111 ffff MMMM                             v6T2  it=no
HINT.T1     1011 1111 ---- 0000                             v6T2
UDF         1101 1110 --------                              v4T
SVC         1101 1111 iiiiiiii                              v4T

# -- 32 bits ------------------------------------------------------------------------------
MSR_reg     11110011 1000 mmmm 1000 kkkk 0000 0000          v6T2  bad=m
UDF.msr     11110011 1000 ---- 1000 0000 0000 0000          v6T2
MRS         11110011 1110 1111 1000 dddd 0000 0000          v6T2  bad=d
CPS.T2      11110011 1010 1111 1000 0 --- --------          v6T2  it=no
HINT.T2     11110011 1010 1111 1000 0 000 --------          v6T2
CLREX       11110011 1011 1111 1000 1111 0010 1111          v7
DSB         11110011 1011 1111 1000 1111 0100 ----          v7
DMB         11110011 1011 1111 1000 1111 0101 ----          v7
ISB         11110011 1011 1111 1000 1111 0110 ----          v7
UDF.T2      11110111 1111 ---- 1010 ---- --------           v6T2

# -- Coprocessor 15 -----------------------------------------------------------------------
MRC_TLS     11101110 0001 1101 dddd 1111 0111 0000          v6T2  bad=d
MRC_TLSW    11101110 0001 1101 dddd 1111 0101 0000          v6T2  bad=d
MCR_TLSW    11101110 0000 1101 dddd 1111 0101 0000          v6T2  bad=d
MRC_PMUSER  11101110 0001 1001 dddd 1111 0001 1110          v7    bad=d
MCR_ISB     11101110 0000 0111 ---- 1111 1001 0101          v6T2
MCR_DSB     11101110 0000 0111 ---- 1111 1001 1010          v6T2
MCR_DMB     11101110 0000 0111 ---- 1111 1011 1010          v6T2
"""
