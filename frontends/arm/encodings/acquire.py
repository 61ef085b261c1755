"""Loads that acquire and stores that release, and checksums: what ARMv8 adds to the integers of
both states (ARM DDI 0487, F5.1).

Fields
    c cond     n d m e  Rn, Rd or Rt, Rm or Rt, Rt2     C Castagnoli's polynomial

T32 gives no UNPREDICTABLE meaning to sp, as all of ARMv8.
"""

A32 = """
# -- Acquire and release ------------------------------------------------------------------
STL        cccc 0001 1000 nnnn 1111 1100 1001 mmmm            v8
LDA        cccc 0001 1001 nnnn dddd 1100 1001 1111            v8
STLB       cccc 0001 1100 nnnn 1111 1100 1001 mmmm            v8
LDAB       cccc 0001 1101 nnnn dddd 1100 1001 1111            v8
STLH       cccc 0001 1110 nnnn 1111 1100 1001 mmmm            v8
LDAH       cccc 0001 1111 nnnn dddd 1100 1001 1111            v8
STLEX      cccc 0001 1000 nnnn dddd 1110 1001 mmmm            v8
LDAEX      cccc 0001 1001 nnnn dddd 1110 1001 1111            v8
STLEXD     cccc 0001 1010 nnnn dddd 1110 1001 mmmm            v8
LDAEXD     cccc 0001 1011 nnnn dddd 1110 1001 1111            v8
STLEXB     cccc 0001 1100 nnnn dddd 1110 1001 mmmm            v8
LDAEXB     cccc 0001 1101 nnnn dddd 1110 1001 1111            v8
STLEXH     cccc 0001 1110 nnnn dddd 1110 1001 mmmm            v8
LDAEXH     cccc 0001 1111 nnnn dddd 1110 1001 1111            v8

# -- Checksums ----------------------------------------------------------------------------
CRC32B     cccc 0001 0000 nnnn dddd 00C0 0100 mmmm            v8
CRC32H     cccc 0001 0010 nnnn dddd 00C0 0100 mmmm            v8
CRC32W     cccc 0001 0100 nnnn dddd 00C0 0100 mmmm            v8
"""

T32 = """
# -- Acquire and release ------------------------------------------------------------------
STLB       11101000 1100 nnnn mmmm 1111 1000 1111             v8    pc=nm
STLH       11101000 1100 nnnn mmmm 1111 1001 1111             v8    pc=nm
STL        11101000 1100 nnnn mmmm 1111 1010 1111             v8    pc=nm
LDAB       11101000 1101 nnnn dddd 1111 1000 1111             v8    pc=nd
LDAH       11101000 1101 nnnn dddd 1111 1001 1111             v8    pc=nd
LDA        11101000 1101 nnnn dddd 1111 1010 1111             v8    pc=nd
STLEXB     11101000 1100 nnnn mmmm 1111 1100 dddd             v8    pc=nmd
STLEXH     11101000 1100 nnnn mmmm 1111 1101 dddd             v8    pc=nmd
STLEX      11101000 1100 nnnn mmmm 1111 1110 dddd             v8    pc=nmd
STLEXD_two 11101000 1100 nnnn mmmm eeee 1111 dddd             v8    pc=nmed
LDAEXB     11101000 1101 nnnn dddd 1111 1100 1111             v8    pc=nd
LDAEXH     11101000 1101 nnnn dddd 1111 1101 1111             v8    pc=nd
LDAEX      11101000 1101 nnnn dddd 1111 1110 1111             v8    pc=nd
LDAEXD_two 11101000 1101 nnnn dddd eeee 1111 1111             v8    pc=nde

# -- Checksums ----------------------------------------------------------------------------
CRC32B     11111010 110 C nnnn 1111 dddd 1000 mmmm            v8    pc=ndm
CRC32H     11111010 110 C nnnn 1111 dddd 1001 mmmm            v8    pc=ndm
CRC32W     11111010 110 C nnnn 1111 dddd 1010 mmmm            v8    pc=ndm
"""
