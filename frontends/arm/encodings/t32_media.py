"""T32 media, saturating and bit field instructions (ARM ARM A6.3.3, A6.3.11 to A6.3.15).

Fields are those of A32: n d m a  Rn Rd Rm Ra, s saturation bound, i shift amount, t shift is asr,
r rotation / 8, b lowest bit, e highest bit, w width - 1, T top half first (PKHTB); k is Rm again.
The lowest bit of a bit field is spelled ``l`` here, because ``b`` is a base register.
"""

T32 = """
# -- 16 bits -----------------------------------------------------------------------
SXTH.T1    1011 0010 00 mmm ddd                             v6    r=0
SXTB.T1    1011 0010 01 mmm ddd                             v6    r=0
UXTH.T1    1011 0010 10 mmm ddd                             v6    r=0
UXTB.T1    1011 0010 11 mmm ddd                             v6    r=0
REV.T1     1011 1010 00 mmm ddd                             v6
REV16.T1   1011 1010 01 mmm ddd                             v6
REVSH.T1   1011 1010 11 mmm ddd                             v6

# -- Saturation and bit fields -----------------------------------------------------
SSAT       11110 0 11 00 t 0 nnnn 0 iii dddd ii 0 sssss     v6T2  bad=nd
SSAT16     11110 0 11 00 1 0 nnnn 0 000 dddd 00 00 ssss     v6T2  bad=nd
UDF.ssat   11110 0 11 00 1 0 ---- 0 000 ---- 00 0 -----     v6T2
SBFX       11110 0 11 01 0 0 nnnn 0 lll dddd ll 0 wwwww     v6T2  bad=nd b=l
BFI        11110 0 11 01 1 0 nnnn 0 lll dddd ll 0 eeeee     v6T2  bad=d sp=n b=l
BFC        11110 0 11 01 1 0 1111 0 lll dddd ll 0 eeeee     v6T2  bad=d b=l
USAT       11110 0 11 10 t 0 nnnn 0 iii dddd ii 0 sssss     v6T2  bad=nd
USAT16     11110 0 11 10 1 0 nnnn 0 000 dddd 00 00 ssss     v6T2  bad=nd
UDF.usat   11110 0 11 10 1 0 ---- 0 000 ---- 00 0 -----     v6T2
UBFX       11110 0 11 11 0 0 nnnn 0 lll dddd ll 0 wwwww     v6T2  bad=nd b=l
PKH        1110101 0110 0 nnnn 0 iii dddd ii T 0 mmmm       v6T2  bad=ndm

# -- Extension ---------------------------------------------------------------------
SXTAH      11111010 0000 nnnn 1111 dddd 10 rr mmmm          v6T2  bad=dm sp=n
SXTH       11111010 0000 1111 1111 dddd 10 rr mmmm          v6T2  bad=dm
UXTAH      11111010 0001 nnnn 1111 dddd 10 rr mmmm          v6T2  bad=dm sp=n
UXTH       11111010 0001 1111 1111 dddd 10 rr mmmm          v6T2  bad=dm
SXTAB16    11111010 0010 nnnn 1111 dddd 10 rr mmmm          v6T2  bad=dm sp=n
SXTB16     11111010 0010 1111 1111 dddd 10 rr mmmm          v6T2  bad=dm
UXTAB16    11111010 0011 nnnn 1111 dddd 10 rr mmmm          v6T2  bad=dm sp=n
UXTB16     11111010 0011 1111 1111 dddd 10 rr mmmm          v6T2  bad=dm
SXTAB      11111010 0100 nnnn 1111 dddd 10 rr mmmm          v6T2  bad=dm sp=n
SXTB       11111010 0100 1111 1111 dddd 10 rr mmmm          v6T2  bad=dm
UXTAB      11111010 0101 nnnn 1111 dddd 10 rr mmmm          v6T2  bad=dm sp=n
UXTB       11111010 0101 1111 1111 dddd 10 rr mmmm          v6T2  bad=dm

# -- Parallel addition and subtraction ---------------------------------------------
SADD8      11111010 1000 nnnn 1111 dddd 0000 mmmm           v6T2  bad=ndm
QADD8      11111010 1000 nnnn 1111 dddd 0001 mmmm           v6T2  bad=ndm
SHADD8     11111010 1000 nnnn 1111 dddd 0010 mmmm           v6T2  bad=ndm
UADD8      11111010 1000 nnnn 1111 dddd 0100 mmmm           v6T2  bad=ndm
UQADD8     11111010 1000 nnnn 1111 dddd 0101 mmmm           v6T2  bad=ndm
UHADD8     11111010 1000 nnnn 1111 dddd 0110 mmmm           v6T2  bad=ndm
SADD16     11111010 1001 nnnn 1111 dddd 0000 mmmm           v6T2  bad=ndm
QADD16     11111010 1001 nnnn 1111 dddd 0001 mmmm           v6T2  bad=ndm
SHADD16    11111010 1001 nnnn 1111 dddd 0010 mmmm           v6T2  bad=ndm
UADD16     11111010 1001 nnnn 1111 dddd 0100 mmmm           v6T2  bad=ndm
UQADD16    11111010 1001 nnnn 1111 dddd 0101 mmmm           v6T2  bad=ndm
UHADD16    11111010 1001 nnnn 1111 dddd 0110 mmmm           v6T2  bad=ndm
SASX       11111010 1010 nnnn 1111 dddd 0000 mmmm           v6T2  bad=ndm
QASX       11111010 1010 nnnn 1111 dddd 0001 mmmm           v6T2  bad=ndm
SHASX      11111010 1010 nnnn 1111 dddd 0010 mmmm           v6T2  bad=ndm
UASX       11111010 1010 nnnn 1111 dddd 0100 mmmm           v6T2  bad=ndm
UQASX      11111010 1010 nnnn 1111 dddd 0101 mmmm           v6T2  bad=ndm
UHASX      11111010 1010 nnnn 1111 dddd 0110 mmmm           v6T2  bad=ndm
SSUB8      11111010 1100 nnnn 1111 dddd 0000 mmmm           v6T2  bad=ndm
QSUB8      11111010 1100 nnnn 1111 dddd 0001 mmmm           v6T2  bad=ndm
SHSUB8     11111010 1100 nnnn 1111 dddd 0010 mmmm           v6T2  bad=ndm
USUB8      11111010 1100 nnnn 1111 dddd 0100 mmmm           v6T2  bad=ndm
UQSUB8     11111010 1100 nnnn 1111 dddd 0101 mmmm           v6T2  bad=ndm
UHSUB8     11111010 1100 nnnn 1111 dddd 0110 mmmm           v6T2  bad=ndm
SSUB16     11111010 1101 nnnn 1111 dddd 0000 mmmm           v6T2  bad=ndm
QSUB16     11111010 1101 nnnn 1111 dddd 0001 mmmm           v6T2  bad=ndm
SHSUB16    11111010 1101 nnnn 1111 dddd 0010 mmmm           v6T2  bad=ndm
USUB16     11111010 1101 nnnn 1111 dddd 0100 mmmm           v6T2  bad=ndm
UQSUB16    11111010 1101 nnnn 1111 dddd 0101 mmmm           v6T2  bad=ndm
UHSUB16    11111010 1101 nnnn 1111 dddd 0110 mmmm           v6T2  bad=ndm
SSAX       11111010 1110 nnnn 1111 dddd 0000 mmmm           v6T2  bad=ndm
QSAX       11111010 1110 nnnn 1111 dddd 0001 mmmm           v6T2  bad=ndm
SHSAX      11111010 1110 nnnn 1111 dddd 0010 mmmm           v6T2  bad=ndm
USAX       11111010 1110 nnnn 1111 dddd 0100 mmmm           v6T2  bad=ndm
UQSAX      11111010 1110 nnnn 1111 dddd 0101 mmmm           v6T2  bad=ndm
UHSAX      11111010 1110 nnnn 1111 dddd 0110 mmmm           v6T2  bad=ndm

# -- Saturating arithmetic, bits and bytes, selection ------------------------------
QADD       11111010 1000 nnnn 1111 dddd 1000 mmmm           v6T2  bad=ndm
QDADD      11111010 1000 nnnn 1111 dddd 1001 mmmm           v6T2  bad=ndm
QSUB       11111010 1000 nnnn 1111 dddd 1010 mmmm           v6T2  bad=ndm
QDSUB      11111010 1000 nnnn 1111 dddd 1011 mmmm           v6T2  bad=ndm
REV        11111010 1001 kkkk 1111 dddd 1000 mmmm           v6T2  same=km bad=dm
REV16      11111010 1001 kkkk 1111 dddd 1001 mmmm           v6T2  same=km bad=dm
RBIT       11111010 1001 kkkk 1111 dddd 1010 mmmm           v6T2  same=km bad=dm
REVSH      11111010 1001 kkkk 1111 dddd 1011 mmmm           v6T2  same=km bad=dm
SEL        11111010 1010 nnnn 1111 dddd 1000 mmmm           v6T2  bad=ndm
CLZ        11111010 1011 kkkk 1111 dddd 1000 mmmm           v6T2  same=km bad=dm
USADA8     11111011 0111 nnnn aaaa dddd 0000 mmmm           v6T2  bad=ndm sp=a
USAD8      11111011 0111 nnnn 1111 dddd 0000 mmmm           v6T2  bad=ndm
"""
