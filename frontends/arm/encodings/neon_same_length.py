"""Advanced SIMD: three registers of the same length (ARM ARM A7.4.1). Fields: see ``neon``."""

A32 = """
# -- Integers -----------------------------------------------------------------
VHADD        1111 001U 0 D ee nnnn dddd 0000 N Q M 0 mmmm
VQADD        1111 001U 0 D ss nnnn dddd 0000 N Q M 1 mmmm
VRHADD       1111 001U 0 D ee nnnn dddd 0001 N Q M 0 mmmm
VHSUB        1111 001U 0 D ee nnnn dddd 0010 N Q M 0 mmmm
VQSUB        1111 001U 0 D ss nnnn dddd 0010 N Q M 1 mmmm
VCGT_int     1111 001U 0 D ee nnnn dddd 0011 N Q M 0 mmmm
VCGE_int     1111 001U 0 D ee nnnn dddd 0011 N Q M 1 mmmm
VSHL_reg     1111 001U 0 D ss nnnn dddd 0100 N Q M 0 mmmm
VQSHL_reg    1111 001U 0 D ss nnnn dddd 0100 N Q M 1 mmmm
VRSHL        1111 001U 0 D ss nnnn dddd 0101 N Q M 0 mmmm
VQRSHL       1111 001U 0 D ss nnnn dddd 0101 N Q M 1 mmmm
VMAX_int     1111 001U 0 D ee nnnn dddd 0110 N Q M 0 mmmm
VMIN_int     1111 001U 0 D ee nnnn dddd 0110 N Q M 1 mmmm
VABD_int     1111 001U 0 D ee nnnn dddd 0111 N Q M 0 mmmm
VABA         1111 001U 0 D ee nnnn dddd 0111 N Q M 1 mmmm
VADD_int     1111 0010 0 D ss nnnn dddd 1000 N Q M 0 mmmm
VSUB_int     1111 0011 0 D ss nnnn dddd 1000 N Q M 0 mmmm
VTST         1111 0010 0 D ee nnnn dddd 1000 N Q M 1 mmmm
VCEQ_int     1111 0011 0 D ee nnnn dddd 1000 N Q M 1 mmmm
VMLA_int     1111 001o 0 D ee nnnn dddd 1001 N Q M 0 mmmm
VMUL_int     1111 0010 0 D ee nnnn dddd 1001 N Q M 1 mmmm
VMUL_poly    1111 0011 0 D 00 nnnn dddd 1001 N Q M 1 mmmm
VPMAX_int    1111 001U 0 D ee nnnn dddd 1010 N 0 M 0 mmmm
VPMIN_int    1111 001U 0 D ee nnnn dddd 1010 N 0 M 1 mmmm
VQDMULH      1111 0010 0 D hh nnnn dddd 1011 N Q M 0 mmmm
VQRDMULH     1111 0011 0 D hh nnnn dddd 1011 N Q M 0 mmmm
VPADD_int    1111 0010 0 D ee nnnn dddd 1011 N 0 M 1 mmmm

# -- Bits -----------------------------------------------------------------------
VAND         1111 0010 0 D 00 nnnn dddd 0001 N Q M 1 mmmm
VBIC         1111 0010 0 D 01 nnnn dddd 0001 N Q M 1 mmmm
VORR         1111 0010 0 D 10 nnnn dddd 0001 N Q M 1 mmmm
VORN         1111 0010 0 D 11 nnnn dddd 0001 N Q M 1 mmmm
VEOR         1111 0011 0 D 00 nnnn dddd 0001 N Q M 1 mmmm
VBSL         1111 0011 0 D 01 nnnn dddd 0001 N Q M 1 mmmm
VBIT         1111 0011 0 D 10 nnnn dddd 0001 N Q M 1 mmmm
VBIF         1111 0011 0 D 11 nnnn dddd 0001 N Q M 1 mmmm

# -- Floating point ---------------------------------------------------------------
VFMA_float   1111 0010 0 D o0 nnnn dddd 1100 N Q M 1 mmmm
VADD_float   1111 0010 0 D 00 nnnn dddd 1101 N Q M 0 mmmm
VSUB_float   1111 0010 0 D 10 nnnn dddd 1101 N Q M 0 mmmm
VPADD_float  1111 0011 0 D 00 nnnn dddd 1101 N 0 M 0 mmmm
VABD_float   1111 0011 0 D 10 nnnn dddd 1101 N Q M 0 mmmm
VMLA_float   1111 0010 0 D o0 nnnn dddd 1101 N Q M 1 mmmm
VMUL_float   1111 0011 0 D 00 nnnn dddd 1101 N Q M 1 mmmm
VCEQ_float   1111 0010 0 D 00 nnnn dddd 1110 N Q M 0 mmmm
VCGE_float   1111 0011 0 D 00 nnnn dddd 1110 N Q M 0 mmmm
VCGT_float   1111 0011 0 D 10 nnnn dddd 1110 N Q M 0 mmmm
VACGE        1111 0011 0 D 00 nnnn dddd 1110 N Q M 1 mmmm
VACGT        1111 0011 0 D 10 nnnn dddd 1110 N Q M 1 mmmm
VMAX_float   1111 0010 0 D 00 nnnn dddd 1111 N Q M 0 mmmm
VMIN_float   1111 0010 0 D 10 nnnn dddd 1111 N Q M 0 mmmm
VPMAX_float  1111 0011 0 D 00 nnnn dddd 1111 N 0 M 0 mmmm
VPMIN_float  1111 0011 0 D 10 nnnn dddd 1111 N 0 M 0 mmmm
VRECPS       1111 0010 0 D 00 nnnn dddd 1111 N Q M 1 mmmm
VRSQRTS      1111 0010 0 D 10 nnnn dddd 1111 N Q M 1 mmmm
"""
