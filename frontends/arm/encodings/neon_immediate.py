"""Advanced SIMD: shifts by an immediate, and modified immediates (ARM ARM A7.4.4, A7.4.6).

Fields: see ``neon``, and
    g i  the immediate of a shift: L:imm6 is g<0>:g<3:1>:i, or imm6 is g:i where L is no bit of g.
         g is never 0, which is a modified immediate
    i    the eight bits of a modified immediate     p x  its operation and where they go
"""

A32 = """
# -- Shifts ---------------------------------------------------------------------
VSHR        1111 001U 1 D ggg iii dddd 0000 g Q M 1 mmmm
VSRA        1111 001U 1 D ggg iii dddd 0001 g Q M 1 mmmm
VRSHR       1111 001U 1 D ggg iii dddd 0010 g Q M 1 mmmm
VRSRA       1111 001U 1 D ggg iii dddd 0011 g Q M 1 mmmm
VSRI        1111 0011 1 D ggg iii dddd 0100 g Q M 1 mmmm
VSHL_imm    1111 0010 1 D ggg iii dddd 0101 g Q M 1 mmmm
VSLI        1111 0011 1 D ggg iii dddd 0101 g Q M 1 mmmm
VQSHLU_imm  1111 0011 1 D ggg iii dddd 0110 g Q M 1 mmmm
VQSHL_imm   1111 001U 1 D ggg iii dddd 0111 g Q M 1 mmmm
VSHRN       1111 0010 1 D ggg iii dddd 1000 0 r M 1 mmmm
VQSHRUN     1111 0011 1 D ggg iii dddd 1000 0 r M 1 mmmm
VQSHRN      1111 001U 1 D ggg iii dddd 1001 0 r M 1 mmmm
VSHLL_imm   1111 001U 1 D ggg iii dddd 1010 0 0 M 1 mmmm
VCVT_lanes_fixed  1111 001U 1 D 1 iiiii dddd 111 o 0 Q M 1 mmmm

# -- Modified immediates -----------------------------------------------------------
VMOV_word   1111 001i 1 D 000 iii dddd 0 xx 0 0 Q p 1 iiii
VORR_word   1111 001i 1 D 000 iii dddd 0 xx 1 0 Q p 1 iiii
VMOV_half   1111 001i 1 D 000 iii dddd 10 x 0 0 Q p 1 iiii
VORR_half   1111 001i 1 D 000 iii dddd 10 x 1 0 Q p 1 iiii
VMOV_ones   1111 001i 1 D 000 iii dddd 110 x  0 Q p 1 iiii
VMOV_byte   1111 001i 1 D 000 iii dddd 1110   0 Q 0 1 iiii
VMOV_mask   1111 001i 1 D 000 iii dddd 1110   0 Q 1 1 iiii
VMOV_single 1111 001i 1 D 000 iii dddd 1111   0 Q 0 1 iiii
"""
