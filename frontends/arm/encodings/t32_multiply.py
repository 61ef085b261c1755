"""T32 multiplies and divisions (ARM ARM A6.2.2 MUL, A6.3.16, A6.3.17).

Fields are those of A32: d Rd, or H RdHi and L RdLo; n m factors; a Ra, added; M N  top half of Rm,
Rn; X Rm's halves exchanged; R rounded.
"""

T32 = """
MUL.T1     010000 1101 nnn ddd                        v4T   S=it m=d

# -- 32 bits ------------------------------------------------------------------
MLA        11111011 0000 nnnn aaaa dddd 0000 mmmm     v6T2  S=0 bad=ndm sp=a
MUL        11111011 0000 nnnn 1111 dddd 0000 mmmm     v6T2  S=0 bad=ndm
MLS        11111011 0000 nnnn aaaa dddd 0001 mmmm     v6T2  bad=ndma

# -- Halfwords ----------------------------------------------------------------
SMLAxy     11111011 0001 nnnn aaaa dddd 00 N M mmmm   v6T2  bad=ndm sp=a
SMULxy     11111011 0001 nnnn 1111 dddd 00 N M mmmm   v6T2  bad=ndm
SMLAWy     11111011 0011 nnnn aaaa dddd 000 M mmmm    v6T2  bad=ndm sp=a
SMULWy     11111011 0011 nnnn 1111 dddd 000 M mmmm    v6T2  bad=ndm
SMLALxy    11111011 1100 nnnn LLLL HHHH 10 N M mmmm   v6T2  bad=nmLH

# -- Two halfwords at once, and top words -------------------------------------
SMLAD      11111011 0010 nnnn aaaa dddd 000 X mmmm    v6T2  bad=ndm sp=a
SMUAD      11111011 0010 nnnn 1111 dddd 000 X mmmm    v6T2  bad=ndm
SMLSD      11111011 0100 nnnn aaaa dddd 000 X mmmm    v6T2  bad=ndm sp=a
SMUSD      11111011 0100 nnnn 1111 dddd 000 X mmmm    v6T2  bad=ndm
SMMLA      11111011 0101 nnnn aaaa dddd 000 R mmmm    v6T2  bad=ndm sp=a
SMMUL      11111011 0101 nnnn 1111 dddd 000 R mmmm    v6T2  bad=ndm
SMMLS      11111011 0110 nnnn aaaa dddd 000 R mmmm    v6T2  bad=ndma
SMLALD     11111011 1100 nnnn LLLL HHHH 110 X mmmm    v6T2  bad=nmLH
SMLSLD     11111011 1101 nnnn LLLL HHHH 110 X mmmm    v6T2  bad=nmLH

# -- 64 bits ------------------------------------------------------------------
SMULL      11111011 1000 nnnn LLLL HHHH 0000 mmmm     v6T2  S=0 bad=nmLH
UMULL      11111011 1010 nnnn LLLL HHHH 0000 mmmm     v6T2  S=0 bad=nmLH
SMLAL      11111011 1100 nnnn LLLL HHHH 0000 mmmm     v6T2  S=0 bad=nmLH
UMLAL      11111011 1110 nnnn LLLL HHHH 0000 mmmm     v6T2  S=0 bad=nmLH
UMAAL      11111011 1110 nnnn LLLL HHHH 0110 mmmm     v6T2  bad=nmLH

# -- Division -----------------------------------------------------------------
SDIV       11111011 1001 nnnn 1111 dddd 1111 mmmm     v7VE  bad=ndm
UDIV       11111011 1011 nnnn 1111 dddd 1111 mmmm     v7VE  bad=ndm
"""
