"""A32 media, saturating and bit field instructions (ARM ARM A5.2.6, A5.2.12 CLZ, A5.4).

Fields
    c cond     n d m a  Rn Rd Rm Ra     s saturation bound     i shift amount     t shift is asr
    r rotation / 8     b lowest bit     e highest bit     w width - 1     T top half first (PKHTB)

Bits that should be zero or one are fixed. UNPREDICTABLE and refused: r15 anywhere (as Rn or Ra it
is another row: no addend); a bit field that runs past bit 31 or ends below its beginning.
"""

A32 = """
# -- Saturating arithmetic --------------------------------------------------
QADD       cccc 0001 0000 nnnn dddd 0000 0101 mmmm        v5TE
QSUB       cccc 0001 0010 nnnn dddd 0000 0101 mmmm        v5TE
QDADD      cccc 0001 0100 nnnn dddd 0000 0101 mmmm        v5TE
QDSUB      cccc 0001 0110 nnnn dddd 0000 0101 mmmm        v5TE
SSAT       cccc 0110 101 sssss dddd iiiii t 01 nnnn       v6
SSAT16     cccc 0110 1010 ssss dddd 1111 0011 nnnn        v6
USAT       cccc 0110 111 sssss dddd iiiii t 01 nnnn       v6
USAT16     cccc 0110 1110 ssss dddd 1111 0011 nnnn        v6

# -- Parallel addition and subtraction --------------------------------------
SADD16     cccc 0110 0001 nnnn dddd 1111 0001 mmmm        v6
SASX       cccc 0110 0001 nnnn dddd 1111 0011 mmmm        v6
SSAX       cccc 0110 0001 nnnn dddd 1111 0101 mmmm        v6
SSUB16     cccc 0110 0001 nnnn dddd 1111 0111 mmmm        v6
SADD8      cccc 0110 0001 nnnn dddd 1111 1001 mmmm        v6
SSUB8      cccc 0110 0001 nnnn dddd 1111 1111 mmmm        v6
QADD16     cccc 0110 0010 nnnn dddd 1111 0001 mmmm        v6
QASX       cccc 0110 0010 nnnn dddd 1111 0011 mmmm        v6
QSAX       cccc 0110 0010 nnnn dddd 1111 0101 mmmm        v6
QSUB16     cccc 0110 0010 nnnn dddd 1111 0111 mmmm        v6
QADD8      cccc 0110 0010 nnnn dddd 1111 1001 mmmm        v6
QSUB8      cccc 0110 0010 nnnn dddd 1111 1111 mmmm        v6
SHADD16    cccc 0110 0011 nnnn dddd 1111 0001 mmmm        v6
SHASX      cccc 0110 0011 nnnn dddd 1111 0011 mmmm        v6
SHSAX      cccc 0110 0011 nnnn dddd 1111 0101 mmmm        v6
SHSUB16    cccc 0110 0011 nnnn dddd 1111 0111 mmmm        v6
SHADD8     cccc 0110 0011 nnnn dddd 1111 1001 mmmm        v6
SHSUB8     cccc 0110 0011 nnnn dddd 1111 1111 mmmm        v6
UADD16     cccc 0110 0101 nnnn dddd 1111 0001 mmmm        v6
UASX       cccc 0110 0101 nnnn dddd 1111 0011 mmmm        v6
USAX       cccc 0110 0101 nnnn dddd 1111 0101 mmmm        v6
USUB16     cccc 0110 0101 nnnn dddd 1111 0111 mmmm        v6
UADD8      cccc 0110 0101 nnnn dddd 1111 1001 mmmm        v6
USUB8      cccc 0110 0101 nnnn dddd 1111 1111 mmmm        v6
UQADD16    cccc 0110 0110 nnnn dddd 1111 0001 mmmm        v6
UQASX      cccc 0110 0110 nnnn dddd 1111 0011 mmmm        v6
UQSAX      cccc 0110 0110 nnnn dddd 1111 0101 mmmm        v6
UQSUB16    cccc 0110 0110 nnnn dddd 1111 0111 mmmm        v6
UQADD8     cccc 0110 0110 nnnn dddd 1111 1001 mmmm        v6
UQSUB8     cccc 0110 0110 nnnn dddd 1111 1111 mmmm        v6
UHADD16    cccc 0110 0111 nnnn dddd 1111 0001 mmmm        v6
UHASX      cccc 0110 0111 nnnn dddd 1111 0011 mmmm        v6
UHSAX      cccc 0110 0111 nnnn dddd 1111 0101 mmmm        v6
UHSUB16    cccc 0110 0111 nnnn dddd 1111 0111 mmmm        v6
UHADD8     cccc 0110 0111 nnnn dddd 1111 1001 mmmm        v6
UHSUB8     cccc 0110 0111 nnnn dddd 1111 1111 mmmm        v6

# -- Selection, packing, sums of differences --------------------------------
SEL        cccc 0110 1000 nnnn dddd 1111 1011 mmmm        v6
PKH        cccc 0110 1000 nnnn dddd iiiii T 01 mmmm       v6
USADA8     cccc 0111 1000 dddd aaaa mmmm 0001 nnnn        v6
USAD8      cccc 0111 1000 dddd 1111 mmmm 0001 nnnn        v6

# -- Extension --------------------------------------------------------------
SXTAB16    cccc 0110 1000 nnnn dddd rr00 0111 mmmm        v6
SXTB16     cccc 0110 1000 1111 dddd rr00 0111 mmmm        v6
SXTAB      cccc 0110 1010 nnnn dddd rr00 0111 mmmm        v6
SXTB       cccc 0110 1010 1111 dddd rr00 0111 mmmm        v6
SXTAH      cccc 0110 1011 nnnn dddd rr00 0111 mmmm        v6
SXTH       cccc 0110 1011 1111 dddd rr00 0111 mmmm        v6
UXTAB16    cccc 0110 1100 nnnn dddd rr00 0111 mmmm        v6
UXTB16     cccc 0110 1100 1111 dddd rr00 0111 mmmm        v6
UXTAB      cccc 0110 1110 nnnn dddd rr00 0111 mmmm        v6
UXTB       cccc 0110 1110 1111 dddd rr00 0111 mmmm        v6
UXTAH      cccc 0110 1111 nnnn dddd rr00 0111 mmmm        v6
UXTH       cccc 0110 1111 1111 dddd rr00 0111 mmmm        v6

# -- Bits and bytes ---------------------------------------------------------
CLZ        cccc 0001 0110 1111 dddd 1111 0001 mmmm        v5T
REV        cccc 0110 1011 1111 dddd 1111 0011 mmmm        v6
REV16      cccc 0110 1011 1111 dddd 1111 1011 mmmm        v6
RBIT       cccc 0110 1111 1111 dddd 1111 0011 mmmm        v6T2
REVSH      cccc 0110 1111 1111 dddd 1111 1011 mmmm        v6
SBFX       cccc 0111 101 wwwww dddd bbbbb 101 nnnn        v6T2
UBFX       cccc 0111 111 wwwww dddd bbbbb 101 nnnn        v6T2
BFC        cccc 0111 110 eeeee dddd bbbbb 001 1111        v6T2
BFI        cccc 0111 110 eeeee dddd bbbbb 001 nnnn        v6T2
"""
