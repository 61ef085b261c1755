"""T32 loads and stores (ARM ARM A6.2.4, A6.2.6, A6.3.5 to A6.3.10).

Fields
    b n d m  Rn, Rn, Rd or Rt, Rm     e Rt2     i immediate     a shift amount     L register list
    P U W  pre-index, add, write-back

The rows with P = 1, U = 1, W = 0 and an immediate of 8 bits are the unprivileged forms (LDRT, ...):
the same for a user program. A base of 1111 in a load is the address of the instruction, aligned.
"""

T32 = """
# -- 16 bits -------------------------------------------------------------------------------
LDR_imm.T1l  01001 ddd iiiiiiii                              v4T   P=1 U=1 W=0 n=15 i=4*i
STR_reg.T1   0101 000 mmm nnn ddd                            v4T   P=1 U=1 W=0 a=0 t=0
STRH_reg.T1  0101 001 mmm nnn ddd                            v4T   P=1 U=1 W=0
STRB_reg.T1  0101 010 mmm nnn ddd                            v4T   P=1 U=1 W=0 a=0 t=0
LDRSB_reg.T1 0101 011 mmm nnn ddd                            v4T   P=1 U=1 W=0
LDR_reg.T1   0101 100 mmm nnn ddd                            v4T   P=1 U=1 W=0 a=0 t=0
LDRH_reg.T1  0101 101 mmm nnn ddd                            v4T   P=1 U=1 W=0
LDRB_reg.T1  0101 110 mmm nnn ddd                            v4T   P=1 U=1 W=0 a=0 t=0
LDRSH_reg.T1 0101 111 mmm nnn ddd                            v4T   P=1 U=1 W=0
STR_imm.T1   0110 0 iiiii nnn ddd                            v4T   P=1 U=1 W=0 i=4*i
LDR_imm.T1   0110 1 iiiii nnn ddd                            v4T   P=1 U=1 W=0 i=4*i
STRB_imm.T1  0111 0 iiiii nnn ddd                            v4T   P=1 U=1 W=0
LDRB_imm.T1  0111 1 iiiii nnn ddd                            v4T   P=1 U=1 W=0
STRH_imm.T1  1000 0 iiiii nnn ddd                            v4T   P=1 U=1 W=0 i=2*i
LDRH_imm.T1  1000 1 iiiii nnn ddd                            v4T   P=1 U=1 W=0 i=2*i
STR_imm.T2   1001 0 ddd iiiiiiii                             v4T   P=1 U=1 W=0 n=13 i=4*i
LDR_imm.T2   1001 1 ddd iiiiiiii                             v4T   P=1 U=1 W=0 n=13 i=4*i
PUSH         1011 010 h LLLLLLLL                             v4T
POP          1011 110 h LLLLLLLL                             v4T
STM          1100 0 nnn LLLLLLLL                             v4T   P=0 U=1 W=1
LDM_low      1100 1 nnn LLLLLLLL                             v4T

# -- Word and byte -------------------------------------------------------------------------
STRB_imm.T2  11111000 1000 bbbb dddd iiiiiiiiiiii            v6T2  P=1 U=1 W=0 n=b bad=d
STRB_imm.T3  11111000 0000 bbbb dddd 11UW iiiiiiii           v6T2  P=1 n=b bad=d
STRB_imm.T3p 11111000 0000 bbbb dddd 10U1 iiiiiiii           v6T2  P=0 W=0 n=b bad=d
STRB_reg     11111000 0000 bbbb dddd 000000 aa mmmm          v6T2  P=1 U=1 W=0 t=0 n=b bad=dm
LDRB_imm.T2  11111000 1001 nnnn dddd iiiiiiiiiiii            v6T2  P=1 U=1 W=0 sp=d
LDRB_imm.lit 11111000 0001 1111 dddd iiiiiiiiiiii            v6T2  P=1 U=0 W=0 n=15 sp=d
LDRB_imm.T3  11111000 0001 bbbb dddd 11UW iiiiiiii           v6T2  P=1 n=b bad=d
LDRB_imm.T3p 11111000 0001 bbbb dddd 10U1 iiiiiiii           v6T2  P=0 W=0 n=b bad=d
LDRB_reg     11111000 0001 bbbb dddd 000000 aa mmmm          v6T2  P=1 U=1 W=0 t=0 n=b bad=m sp=d
STR_imm.T3   11111000 1100 bbbb dddd iiiiiiiiiiii            v6T2  P=1 U=1 W=0 n=b pc=d
STR_imm.T4   11111000 0100 bbbb dddd 11UW iiiiiiii           v6T2  P=1 n=b pc=d
UDF.strt     11111000 0100 bbbb 1101 1110 --------            v6T2  drop=b
STR_imm.T4p  11111000 0100 bbbb dddd 10U1 iiiiiiii           v6T2  P=0 W=0 n=b pc=d
STR_reg      11111000 0100 bbbb dddd 000000 aa mmmm          v6T2  P=1 U=1 W=0 t=0 n=b pc=d bad=m
LDR_imm.T3   11111000 1101 nnnn dddd iiiiiiiiiiii            v6T2  P=1 U=1 W=0
LDR_imm.lit  11111000 0101 1111 dddd iiiiiiiiiiii            v6T2  P=1 U=0 W=0 n=15
LDR_imm.T4   11111000 0101 bbbb dddd 11UW iiiiiiii           v6T2  P=1 n=b
UDF.ldrt_sp  11111000 0101 bbbb 1101 1110 --------            v6T2  drop=b
UDF.ldrt_pc  11111000 0101 bbbb 1111 1110 --------            v6T2  drop=b
LDR_imm.T4p  11111000 0101 bbbb dddd 10U1 iiiiiiii           v6T2  P=0 W=0 n=b
LDR_reg      11111000 0101 bbbb dddd 000000 aa mmmm          v6T2  P=1 U=1 W=0 t=0 n=b bad=m

# -- Halfword and signed -------------------------------------------------------------------
STRH_imm.T2  11111000 1010 bbbb dddd iiiiiiiiiiii            v6T2  P=1 U=1 W=0 n=b bad=d
STRH_imm.T3  11111000 0010 bbbb dddd 11UW iiiiiiii           v6T2  P=1 n=b bad=d
STRH_imm.T3p 11111000 0010 bbbb dddd 10U1 iiiiiiii           v6T2  P=0 W=0 n=b bad=d
STRH_scaled  11111000 0010 bbbb dddd 000000 aa mmmm          v6T2  n=b bad=dm
LDRH_imm.T2  11111000 1011 nnnn dddd iiiiiiiiiiii            v6T2  P=1 U=1 W=0 sp=d
LDRH_imm.lit 11111000 0011 1111 dddd iiiiiiiiiiii            v6T2  P=1 U=0 W=0 n=15 sp=d
LDRH_imm.T3  11111000 0011 bbbb dddd 11UW iiiiiiii           v6T2  P=1 n=b bad=d
LDRH_imm.T3p 11111000 0011 bbbb dddd 10U1 iiiiiiii           v6T2  P=0 W=0 n=b bad=d
LDRH_scaled  11111000 0011 bbbb dddd 000000 aa mmmm          v6T2  n=b bad=m sp=d
LDRSB_imm.T1 11111001 1001 nnnn dddd iiiiiiiiiiii            v6T2  P=1 U=1 W=0 sp=d
LDRSB_imm.lit 11111001 0001 1111 dddd iiiiiiiiiiii           v6T2  P=1 U=0 W=0 n=15 sp=d
LDRSB_imm.T2 11111001 0001 bbbb dddd 11UW iiiiiiii           v6T2  P=1 n=b bad=d
LDRSB_imm.T2p 11111001 0001 bbbb dddd 10U1 iiiiiiii          v6T2  P=0 W=0 n=b bad=d
LDRSB_scaled 11111001 0001 bbbb dddd 000000 aa mmmm          v6T2  n=b bad=m sp=d
LDRSH_imm.T1 11111001 1011 nnnn dddd iiiiiiiiiiii            v6T2  P=1 U=1 W=0 sp=d
LDRSH_imm.lit 11111001 0011 1111 dddd iiiiiiiiiiii           v6T2  P=1 U=0 W=0 n=15 sp=d
LDRSH_imm.T2 11111001 0011 bbbb dddd 11UW iiiiiiii           v6T2  P=1 n=b bad=d
LDRSH_imm.T2p 11111001 0011 bbbb dddd 10U1 iiiiiiii          v6T2  P=0 W=0 n=b bad=d
LDRSH_scaled 11111001 0011 bbbb dddd 000000 aa mmmm          v6T2  n=b bad=m sp=d

# -- Doubleword: any two registers -----------------------------------------------------------
LDRD_two     1110100 1 U1W1 nnnn dddd eeee iiiiiiii          v6T2  P=1 i=4*i bad=de
LDRD_two.p   1110100 0 U111 nnnn dddd eeee iiiiiiii          v6T2  P=0 W=0 i=4*i bad=de
STRD_two     1110100 1 U1W0 nnnn dddd eeee iiiiiiii          v6T2  P=1 i=4*i bad=de pc=n
STRD_two.p   1110100 0 U110 nnnn dddd eeee iiiiiiii          v6T2  P=0 W=0 i=4*i bad=de pc=n

# -- Block transfer ----------------------------------------------------------------------------
STM_wide.ia  11101000 10 W 0 nnnn LLLLLLLLLLLLLLLL           v6T2  P=0 U=1
LDM_wide.ia  11101000 10 W 1 nnnn LLLLLLLLLLLLLLLL           v6T2  P=0 U=1
STM_wide.db  11101001 00 W 0 nnnn LLLLLLLLLLLLLLLL           v6T2  P=1 U=0
LDM_wide.db  11101001 00 W 1 nnnn LLLLLLLLLLLLLLLL           v6T2  P=1 U=0

# -- Exclusive ---------------------------------------------------------------------------------
STREX_at     11101000 0100 nnnn mmmm dddd iiiiiiii           v6T2  i=4*i bad=md
LDREX_at     11101000 0101 nnnn dddd 1111 iiiiiiii           v6T2  i=4*i bad=d
STREXB       11101000 1100 nnnn mmmm 1111 0100 dddd          v7    bad=md
STREXH       11101000 1100 nnnn mmmm 1111 0101 dddd          v7    bad=md
STREXD_two   11101000 1100 nnnn mmmm eeee 0111 dddd          v7    bad=med
LDREXB       11101000 1101 nnnn dddd 1111 0100 1111          v7    bad=d
LDREXH       11101000 1101 nnnn dddd 1111 0101 1111          v7    bad=d
LDREXD_two   11101000 1101 nnnn dddd eeee 0111 1111          v7    bad=de

# -- Prefetch: hints without an access. HINT_*: unallocated, execute as NOP -----------------------
PLD_imm.T1   11111000 1001 ---- 1111 ------------            v6T2
PLD_imm.lit  11111000 0001 1111 1111 ------------            v6T2
PLD_imm.T2   11111000 0001 bbbb 1111 1100 --------           v6T2  drop=b
PLD_reg      11111000 0001 bbbb 1111 000000 -- ----          v6T2  drop=b
PLD_imm.T1w  11111000 1011 ---- 1111 ------------            v7
PLD_imm.litw 11111000 0011 1111 1111 ------------            v7
PLD_imm.T2w  11111000 0011 bbbb 1111 1100 --------           v7    drop=b
PLD_reg.w    11111000 0011 bbbb 1111 000000 -- ----          v7    drop=b
PLI_imm.T1   11111001 1001 ---- 1111 ------------            v7
PLI_imm.lit  11111001 0001 1111 1111 ------------            v7
PLI_imm.T2   11111001 0001 bbbb 1111 1100 --------           v7    drop=b
PLI_reg      11111001 0001 bbbb 1111 000000 -- ----          v7    drop=b
HINT_imm.T1  11111001 1011 ---- 1111 ------------            v7
HINT_imm.lit 11111001 0011 1111 1111 ------------            v7
HINT_imm.T2  11111001 0011 bbbb 1111 1100 --------           v7    drop=b
HINT_reg     11111001 0011 bbbb 1111 000000 -- ----          v7    drop=b
"""
