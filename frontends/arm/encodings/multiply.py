"""A32 multiplies and divisions (ARM ARM A5.2.5, A5.2.7, A5.4.4).

Fields
    c cond     S sets flags     d Rd, or H RdHi and L RdLo     n m factors     a Ra, added
    M N  top half of Rm, Rn     X Rm's halves exchanged        R rounded

The 0s at bits 15 to 12 should be zero. UNPREDICTABLE and refused: r15 anywhere; RdHi = RdLo.
``MUL`` with Rd = Rn was UNPREDICTABLE before ARMv6 and is what it is everywhere: a multiply.
"""

A32 = """
# -- 32 and 64 bits ---------------------------------------------------------
MUL        cccc 0000 000 S dddd 0000 mmmm 1001 nnnn       v4
MLA        cccc 0000 001 S dddd aaaa mmmm 1001 nnnn       v4
UMAAL      cccc 0000 010 0 HHHH LLLL mmmm 1001 nnnn       v6
MLS        cccc 0000 011 0 dddd aaaa mmmm 1001 nnnn       v6T2
UMULL      cccc 0000 100 S HHHH LLLL mmmm 1001 nnnn       v4
UMLAL      cccc 0000 101 S HHHH LLLL mmmm 1001 nnnn       v4
SMULL      cccc 0000 110 S HHHH LLLL mmmm 1001 nnnn       v4
SMLAL      cccc 0000 111 S HHHH LLLL mmmm 1001 nnnn       v4

# -- Halfwords --------------------------------------------------------------
SMLAxy     cccc 0001 0000 dddd aaaa mmmm 1 M N 0 nnnn     v5TE
SMLAWy     cccc 0001 0010 dddd aaaa mmmm 1 M 0 0 nnnn     v5TE
SMULWy     cccc 0001 0010 dddd 0000 mmmm 1 M 1 0 nnnn     v5TE
SMLALxy    cccc 0001 0100 HHHH LLLL mmmm 1 M N 0 nnnn     v5TE
SMULxy     cccc 0001 0110 dddd 0000 mmmm 1 M N 0 nnnn     v5TE

# -- Two halfwords at once, and top words -----------------------------------
SMLAD      cccc 0111 0000 dddd aaaa mmmm 00 X 1 nnnn      v6
SMUAD      cccc 0111 0000 dddd 1111 mmmm 00 X 1 nnnn      v6
SMLSD      cccc 0111 0000 dddd aaaa mmmm 01 X 1 nnnn      v6
SMUSD      cccc 0111 0000 dddd 1111 mmmm 01 X 1 nnnn      v6
SMLALD     cccc 0111 0100 HHHH LLLL mmmm 00 X 1 nnnn      v6
SMLSLD     cccc 0111 0100 HHHH LLLL mmmm 01 X 1 nnnn      v6
SMMLA      cccc 0111 0101 dddd aaaa mmmm 00 R 1 nnnn      v6
SMMUL      cccc 0111 0101 dddd 1111 mmmm 00 R 1 nnnn      v6
SMMLS      cccc 0111 0101 dddd aaaa mmmm 11 R 1 nnnn      v6

# -- Division ---------------------------------------------------------------
SDIV       cccc 0111 0001 dddd 1111 mmmm 0001 nnnn        v7VE
UDIV       cccc 0111 0011 dddd 1111 mmmm 0001 nnnn        v7VE
"""
