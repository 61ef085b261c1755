"""What ARMv8 adds to VFP (ARM DDI 0487, F4.1.4, F4.1.5). Fields: see ``vfp``; also

r  rounding mode     x  the condition of VSEL, a half of a register     s signed
"""

_ROWS = """
# -- With a condition ----------------------------------------------------------------------
VCVT_half_double  cccc 1110 1 D 11 001o dddd 1011 x1 M 0 mmmm
VRINT_status      cccc 1110 1 D 11 0110 dddd 101z o1 M 0 mmmm
VRINTX            cccc 1110 1 D 11 0111 dddd 101z 01 M 0 mmmm

# -- Without -------------------------------------------------------------------------------
VSEL              1111 1110 0 D xx nnnn dddd 101z N 0 M 0 mmmm
VMAXNM            1111 1110 1 D 00 nnnn dddd 101z N o M 0 mmmm
VRINT_mode        1111 1110 1 D 11 10rr dddd 101z 01 M 0 mmmm
VCVT_mode         1111 1110 1 D 11 11rr dddd 101z s1 M 0 mmmm
"""


def _rows(condition: str) -> str:
    """The rows with what stands in place of the condition."""
    lines = (line.replace("cccc", condition) for line in _ROWS.splitlines())
    return "\n".join(f"{line}  v8" if line and line[0] != "#" else line for line in lines)


A32 = _rows("cccc")
T32 = _rows("1110")
