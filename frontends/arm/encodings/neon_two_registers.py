"""Advanced SIMD: two registers, VEXT, VTBL and VDUP (ARM ARM A7.4, A7.4.5). Fields: see ``neon``.

``_zero`` compares with zero.
"""

A32 = """
# -- Integers -------------------------------------------------------------------
VREV64          1111 0011 1 D 11 ee 00 dddd 0000 0 Q M 0 mmmm
VREV32          1111 0011 1 D 11 0s 00 dddd 0000 1 Q M 0 mmmm
VREV16          1111 0011 1 D 11 00 00 dddd 0001 0 Q M 0 mmmm
VPADD_long      1111 0011 1 D 11 ee 00 dddd 0010 U Q M 0 mmmm
VCLS            1111 0011 1 D 11 ee 00 dddd 0100 0 Q M 0 mmmm
VCLZ            1111 0011 1 D 11 ee 00 dddd 0100 1 Q M 0 mmmm
VCNT            1111 0011 1 D 11 00 00 dddd 0101 0 Q M 0 mmmm
VMVN_reg        1111 0011 1 D 11 00 00 dddd 0101 1 Q M 0 mmmm
VPADAL          1111 0011 1 D 11 ee 00 dddd 0110 U Q M 0 mmmm
VQABS           1111 0011 1 D 11 ee 00 dddd 0111 0 Q M 0 mmmm
VQNEG           1111 0011 1 D 11 ee 00 dddd 0111 1 Q M 0 mmmm
VCGT_zero       1111 0011 1 D 11 ee 01 dddd 0000 0 Q M 0 mmmm
VCGE_zero       1111 0011 1 D 11 ee 01 dddd 0000 1 Q M 0 mmmm
VCEQ_zero       1111 0011 1 D 11 ee 01 dddd 0001 0 Q M 0 mmmm
VCLE_zero       1111 0011 1 D 11 ee 01 dddd 0001 1 Q M 0 mmmm
VCLT_zero       1111 0011 1 D 11 ee 01 dddd 0010 0 Q M 0 mmmm
VABS_int        1111 0011 1 D 11 ee 01 dddd 0011 0 Q M 0 mmmm
VNEG_int        1111 0011 1 D 11 ee 01 dddd 0011 1 Q M 0 mmmm
VSWP            1111 0011 1 D 11 00 10 dddd 0000 0 Q M 0 mmmm
VTRN            1111 0011 1 D 11 ee 10 dddd 0000 1 Q M 0 mmmm
VUZP_d          1111 0011 1 D 11 0s 10 dddd 0001 0 0 M 0 mmmm
VUZP_q          1111 0011 1 D 11 ee 10 dddd 0001 0 1 M 0 mmmm
VZIP_d          1111 0011 1 D 11 0s 10 dddd 0001 1 0 M 0 mmmm
VZIP_q          1111 0011 1 D 11 ee 10 dddd 0001 1 1 M 0 mmmm
VMOVN           1111 0011 1 D 11 ee 10 dddd 0010 0 0 M 0 mmmm
VQMOVUN         1111 0011 1 D 11 ee 10 dddd 0010 0 1 M 0 mmmm
VQMOVN          1111 0011 1 D 11 ee 10 dddd 0010 1 U M 0 mmmm
VSHLL_most      1111 0011 1 D 11 ee 10 dddd 0011 0 0 M 0 mmmm
VRECPE_int      1111 0011 1 D 11 10 11 dddd 0100 0 Q M 0 mmmm
VRSQRTE_int     1111 0011 1 D 11 10 11 dddd 0100 1 Q M 0 mmmm

# -- Floating point ---------------------------------------------------------------
VCGT_zero_float 1111 0011 1 D 11 10 01 dddd 0100 0 Q M 0 mmmm
VCGE_zero_float 1111 0011 1 D 11 10 01 dddd 0100 1 Q M 0 mmmm
VCEQ_zero_float 1111 0011 1 D 11 10 01 dddd 0101 0 Q M 0 mmmm
VCLE_zero_float 1111 0011 1 D 11 10 01 dddd 0101 1 Q M 0 mmmm
VCLT_zero_float 1111 0011 1 D 11 10 01 dddd 0110 0 Q M 0 mmmm
VABS_float      1111 0011 1 D 11 10 01 dddd 0111 0 Q M 0 mmmm
VNEG_float      1111 0011 1 D 11 10 01 dddd 0111 1 Q M 0 mmmm
VCVT_lanes_half 1111 0011 1 D 11 01 10 dddd 011 o 0 0 M 0 mmmm
VRECPE_float    1111 0011 1 D 11 10 11 dddd 0101 0 Q M 0 mmmm
VRSQRTE_float   1111 0011 1 D 11 10 11 dddd 0101 1 Q M 0 mmmm
VCVT_lanes      1111 0011 1 D 11 10 11 dddd 011 o U Q M 0 mmmm

# -- Extraction, table look-up, duplication --------------------------------------------
VEXT_d          1111 0010 1 D 11 nnnn dddd 0 iii N 0 M 0 mmmm
VEXT_q          1111 0010 1 D 11 nnnn dddd iiii N 1 M 0 mmmm
VTBL            1111 0011 1 D 11 nnnn dddd 10 ll N x M 0 mmmm
VDUP_lane       1111 0011 1 D 11 j ggg dddd 1100 0 Q M 0 mmmm
"""
