"""A32 loads and stores: single, halfword, doubleword, block, swap, exclusive, prefetch.

Fields
    c cond                  n d m  Rn, Rd or Rt, Rm       i immediate
    a shift amount          t shift type                  L register list
    P U W  pre-index, add, write-back

The rows with P = 0 and W = 1 are the unprivileged forms (LDRT, STRBT, LDRHT, ...). A user program
is unprivileged anyway, so they are the post-indexed forms. LDRD and STRD have no such form, which
is why they have two rows. LDM and STM with ``^`` (bit 22) need a privileged mode: they have no row
and are undefined.
"""

A32 = """
# -- Word and byte: immediate offset ------------------------------------------------
LDR_imm    cccc 010 P U 0 W 1 nnnn dddd iiiiiiiiiiii          v4
STR_imm    cccc 010 P U 0 W 0 nnnn dddd iiiiiiiiiiii          v4
LDRB_imm   cccc 010 P U 1 W 1 nnnn dddd iiiiiiiiiiii          v4
STRB_imm   cccc 010 P U 1 W 0 nnnn dddd iiiiiiiiiiii          v4

# -- Word and byte: register offset, shifted ------------------------------------------
LDR_reg    cccc 011 P U 0 W 1 nnnn dddd aaaaa tt 0 mmmm       v4
STR_reg    cccc 011 P U 0 W 0 nnnn dddd aaaaa tt 0 mmmm       v4
LDRB_reg   cccc 011 P U 1 W 1 nnnn dddd aaaaa tt 0 mmmm       v4
STRB_reg   cccc 011 P U 1 W 0 nnnn dddd aaaaa tt 0 mmmm       v4

# -- Halfword and signed --------------------------------------------------------------
STRH_imm   cccc 000 P U 1 W 0 nnnn dddd iiii 1011 iiii        v4
LDRH_imm   cccc 000 P U 1 W 1 nnnn dddd iiii 1011 iiii        v4
LDRSB_imm  cccc 000 P U 1 W 1 nnnn dddd iiii 1101 iiii        v4
LDRSH_imm  cccc 000 P U 1 W 1 nnnn dddd iiii 1111 iiii        v4
STRH_reg   cccc 000 P U 0 W 0 nnnn dddd 0000 1011 mmmm        v4
LDRH_reg   cccc 000 P U 0 W 1 nnnn dddd 0000 1011 mmmm        v4
LDRSB_reg  cccc 000 P U 0 W 1 nnnn dddd 0000 1101 mmmm        v4
LDRSH_reg  cccc 000 P U 0 W 1 nnnn dddd 0000 1111 mmmm        v4

# -- Doubleword: an even register and the next one --------------------------------------
LDRD_imm   cccc 000 1 U 1 W 0 nnnn dddd iiii 1101 iiii        v5TE
LDRD_post  cccc 000 0 U 1 0 0 nnnn dddd iiii 1101 iiii        v5TE
LDRD_reg   cccc 000 1 U 0 W 0 nnnn dddd 0000 1101 mmmm        v5TE
LDRD_rpost cccc 000 0 U 0 0 0 nnnn dddd 0000 1101 mmmm        v5TE
STRD_imm   cccc 000 1 U 1 W 0 nnnn dddd iiii 1111 iiii        v5TE
STRD_post  cccc 000 0 U 1 0 0 nnnn dddd iiii 1111 iiii        v5TE
STRD_reg   cccc 000 1 U 0 W 0 nnnn dddd 0000 1111 mmmm        v5TE
STRD_rpost cccc 000 0 U 0 0 0 nnnn dddd 0000 1111 mmmm        v5TE

# -- Block transfer ---------------------------------------------------------------------
LDM        cccc 100 P U 0 W 1 nnnn LLLLLLLLLLLLLLLL           v4
STM        cccc 100 P U 0 W 0 nnnn LLLLLLLLLLLLLLLL           v4

# -- Swap and exclusive -----------------------------------------------------------------
SWP        cccc 0001 0000 nnnn dddd 0000 1001 mmmm            v4
SWPB       cccc 0001 0100 nnnn dddd 0000 1001 mmmm            v4
STREX      cccc 0001 1000 nnnn dddd 1111 1001 mmmm            v6
LDREX      cccc 0001 1001 nnnn dddd 1111 1001 1111            v6
STREXD     cccc 0001 1010 nnnn dddd 1111 1001 mmmm            v6K
LDREXD     cccc 0001 1011 nnnn dddd 1111 1001 1111            v6K
STREXB     cccc 0001 1100 nnnn dddd 1111 1001 mmmm            v6K
LDREXB     cccc 0001 1101 nnnn dddd 1111 1001 1111            v6K
STREXH     cccc 0001 1110 nnnn dddd 1111 1001 mmmm            v6K
LDREXH     cccc 0001 1111 nnnn dddd 1111 1001 1111            v6K
CLREX      1111 0101 0111 1111 1111 0000 0001 1111            v6K

# -- Prefetch: hints without an access. HINT_*: unallocated, must execute as NOP ---------
PLD_imm    1111 0101 --01 ---- 1111 ------------              v5TE
PLD_reg    1111 0111 --01 ---- 1111 ------- 0 ----            v5TE
PLI_imm    1111 0100 -101 ---- 1111 ------------              v7
PLI_reg    1111 0110 -101 ---- 1111 ------- 0 ----            v7
HINT_imm   1111 0100 -001 ---- ---- ------------              v7
HINT_reg   1111 0110 -001 ---- ---- ------- 0 ----            v7
"""
