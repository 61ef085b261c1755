"""Advanced SIMD: three registers of different lengths, and two and a scalar (ARM ARM A7.4.2,
A7.4.3). Fields: see ``neon``.

``_long``: double registers give a quad one. ``_wide``: one operand is quad, too. ``_narrow``: the
result has the high halves. ``_scalar``: the other operand of all lanes is a lane of Dm.
"""

A32 = """
# -- Three registers ------------------------------------------------------------
VADD_long            1111 001U 1 D ee nnnn dddd 0000 N 0 M 0 mmmm
VADD_wide            1111 001U 1 D ee nnnn dddd 0001 N 0 M 0 mmmm
VSUB_long            1111 001U 1 D ee nnnn dddd 0010 N 0 M 0 mmmm
VSUB_wide            1111 001U 1 D ee nnnn dddd 0011 N 0 M 0 mmmm
VADD_narrow          1111 001r 1 D ee nnnn dddd 0100 N 0 M 0 mmmm
VABA_long            1111 001U 1 D ee nnnn dddd 0101 N 0 M 0 mmmm
VSUB_narrow          1111 001r 1 D ee nnnn dddd 0110 N 0 M 0 mmmm
VABD_long            1111 001U 1 D ee nnnn dddd 0111 N 0 M 0 mmmm
VMLA_long            1111 001U 1 D ee nnnn dddd 10 o 0 N 0 M 0 mmmm
VQDMLA_long          1111 0010 1 D hh nnnn dddd 10 o 1 N 0 M 0 mmmm
VMUL_long            1111 001U 1 D ee nnnn dddd 1100 N 0 M 0 mmmm
VQDMUL_long          1111 0010 1 D hh nnnn dddd 1101 N 0 M 0 mmmm
VMUL_long_poly       1111 0010 1 D 00 nnnn dddd 1110 N 0 M 0 mmmm

# -- Two registers and a scalar ---------------------------------------------------
VMLA_scalar          1111 001Q 1 D hh nnnn dddd 0 o 00 N 1 M 0 mmmm
VMLA_scalar_float    1111 001Q 1 D 10 nnnn dddd 0 o 01 N 1 M 0 mmmm
VMLA_scalar_long     1111 001U 1 D hh nnnn dddd 0 o 10 N 1 M 0 mmmm
VQDMLA_scalar_long   1111 0010 1 D hh nnnn dddd 0 o 11 N 1 M 0 mmmm
VMUL_scalar          1111 001Q 1 D hh nnnn dddd 1000 N 1 M 0 mmmm
VMUL_scalar_float    1111 001Q 1 D 10 nnnn dddd 1001 N 1 M 0 mmmm
VMUL_scalar_long     1111 001U 1 D hh nnnn dddd 1010 N 1 M 0 mmmm
VQDMUL_scalar_long   1111 0010 1 D hh nnnn dddd 1011 N 1 M 0 mmmm
VQDMULH_scalar       1111 001Q 1 D hh nnnn dddd 1100 N 1 M 0 mmmm
VQRDMULH_scalar      1111 001Q 1 D hh nnnn dddd 1101 N 1 M 0 mmmm
"""
