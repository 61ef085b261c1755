"""Moves between core registers and lanes (ARM ARM A7.8): in coprocessor space, and so with the
condition, which T32 has as 1110.

Fields
    c cond     n N  low bits and high bit of a double or quad register     t  core register
    Q quad     U unsigned     x  the lane, or the size of lanes
"""

_ROWS = """
VMOV_to_byte    cccc 1110 01 x 0 nnnn tttt 1011 N xx 1 0000     v7
VMOV_to_half    cccc 1110 00 x 0 nnnn tttt 1011 N x1 1 0000     v7
VMOV_from_byte  cccc 1110 U 1 x 1 nnnn tttt 1011 N xx 1 0000    v7
VMOV_from_half  cccc 1110 U 0 x 1 nnnn tttt 1011 N x1 1 0000    v7
VDUP_core       cccc 1110 10 Q 0 nnnn tttt 1011 N 0 x 1 0000    v7
VDUP_core8      cccc 1110 11 Q 0 nnnn tttt 1011 N 00 1 0000     v7
"""

A32 = _ROWS
T32 = _ROWS.replace("cccc", "1110")
