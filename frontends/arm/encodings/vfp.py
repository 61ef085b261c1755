"""VFPv3-D32 and VFPv4: the same words in ARM and in Thumb state, but for the condition, which T32
has as 1110 (ARM ARM A7.5, A7.6, A7.8, A7.9).

Fields
    c cond                  n d m  low or high bits of Vn, Vd, Vm     N D M  their other bit
    z double precision      t e  core registers                       L  to a core register
    h i j  parts of an immediate
    s u    signed, unsigned          r  rounds to zero
    P U W  pre-index, add, write-back
    o  the other of two operations        x  a variant: the row's method says which

Vectors of short length (FPSCR.LEN, FPSCR.STRIDE) are UNDEFINED, as on processors since Cortex-A5.
"""

_ROWS = """
# -- Loads and stores ------------------------------------------------------------------
VSTR        cccc 1101 U D 00 nnnn dddd 101z iiiiiiii
VLDR        cccc 1101 U D 01 nnnn dddd 101z iiiiiiii
VSTM        cccc 1100 1 D W0 nnnn dddd 101z iiiiiiii
VLDM        cccc 1100 1 D W1 nnnn dddd 101z iiiiiiii
VSTMDB      cccc 1101 0 D 10 nnnn dddd 101z iiiiiiii
VLDMDB      cccc 1101 0 D 11 nnnn dddd 101z iiiiiiii

# -- Between core and VFP registers ------------------------------------------------------
VMOV_core   cccc 1110 000 L nnnn tttt 1010 N 00 1 0000
VMOV_lane   cccc 1110 00 x L nnnn tttt 1011 N 00 1 0000
VMOV_pair   cccc 1100 010 L eeee tttt 101z 00 M 1 mmmm
VMSR        cccc 1110 1110 0001 tttt 1010 0001 0000
VMRS        cccc 1110 1111 0001 tttt 1010 0001 0000

# -- Moves ---------------------------------------------------------------------------------
VMOV_imm    cccc 1110 1 D 11 hhhh dddd 101z 0000 iiii
VMOV_reg    cccc 1110 1 D 11 0000 dddd 101z 01 M 0 mmmm
VABS        cccc 1110 1 D 11 0000 dddd 101z 11 M 0 mmmm
VNEG        cccc 1110 1 D 11 0001 dddd 101z 01 M 0 mmmm

# -- Arithmetic ------------------------------------------------------------------------------
VMLA        cccc 1110 0 D 00 nnnn dddd 101z N o M 0 mmmm
VNMLA       cccc 1110 0 D 01 nnnn dddd 101z N o M 0 mmmm
VMUL        cccc 1110 0 D 10 nnnn dddd 101z N o M 0 mmmm
VADD        cccc 1110 0 D 11 nnnn dddd 101z N o M 0 mmmm
VDIV        cccc 1110 1 D 00 nnnn dddd 101z N 0 M 0 mmmm
VFNMA       cccc 1110 1 D 01 nnnn dddd 101z N o M 0 mmmm
VFMA        cccc 1110 1 D 10 nnnn dddd 101z N o M 0 mmmm
VSQRT       cccc 1110 1 D 11 0001 dddd 101z 11 M 0 mmmm
VCMP        cccc 1110 1 D 11 0100 dddd 101z o1 M 0 mmmm
VCMP_zero   cccc 1110 1 D 11 0101 dddd 101z o1 0 0 0000

# -- Conversions -------------------------------------------------------------------------------
VCVT_half   cccc 1110 1 D 11 001o dddd 1010 x1 M 0 mmmm
VCVT        cccc 1110 1 D 11 0111 dddd 101z 11 M 0 mmmm
VCVT_from   cccc 1110 1 D 11 1000 dddd 101z s1 M 0 mmmm
VCVT_to     cccc 1110 1 D 11 110s dddd 101z r1 M 0 mmmm
VCVT_fixed  cccc 1110 1 D 11 1o1u dddd 101z x1 i 0 jjjj
"""


def _rows(condition: str) -> str:
    """The rows with what stands in place of the condition."""
    lines = (line.replace("cccc", condition) for line in _ROWS.splitlines())
    return "\n".join(f"{line}  v7" if line and line[0] != "#" else line for line in lines)


A32 = _rows("cccc")
T32 = _rows("1110")
