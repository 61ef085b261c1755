"""What ARMv8 adds to Advanced SIMD (ARM DDI 0487, F4.1.22): ciphers and digests, integers that are
numbers, conversions with a rounding mode. Fields: see ``neon``; ``r`` is a rounding mode.
"""

A32 = """
# -- Three registers ------------------------------------------------------------
SHA1_rounds       1111 0010 0 D bb nnnn dddd 1100 N 1 M 0 mmmm
SHA1SU0           1111 0010 0 D 11 nnnn dddd 1100 N 1 M 0 mmmm
SHA256H           1111 0011 0 D 0o nnnn dddd 1100 N 1 M 0 mmmm
SHA256SU1         1111 0011 0 D 10 nnnn dddd 1100 N 1 M 0 mmmm
VMAXNM_lanes      1111 0011 0 D o0 nnnn dddd 1111 N Q M 1 mmmm
VMUL_long_poly64  1111 0010 1 D 10 nnnn dddd 1110 N 0 M 0 mmmm

# -- Two registers ----------------------------------------------------------------
AESE              1111 0011 1 D 11 00 00 dddd 0011 0 o M 0 mmmm
AESMC             1111 0011 1 D 11 00 00 dddd 0011 1 o M 0 mmmm
SHA1H             1111 0011 1 D 11 10 01 dddd 0010 1 1 M 0 mmmm
SHA1SU1           1111 0011 1 D 11 10 10 dddd 0011 1 0 M 0 mmmm
SHA256SU0         1111 0011 1 D 11 10 10 dddd 0011 1 1 M 0 mmmm
VRINT_lanes       1111 0011 1 D 11 10 10 dddd 01 rrr Q M 0 mmmm
VCVT_lanes_mode   1111 0011 1 D 11 10 11 dddd 00 rr U Q M 0 mmmm
"""
