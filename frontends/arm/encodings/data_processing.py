"""A32 data processing (ARM ARM A5.2.1 to A5.2.3).

Fields
    c cond     S sets flags     n d m s  Rn Rd Rm Rs     i immediate     r rotation / 2
    a shift amount     t shift type: lsl lsr asr ror; ``ror #0`` is rrx

The comparisons have 0 where the others have Rd: the old forms with Rd = 1111 (TSTP, CMPP) are
undefined here, as on every ARMv6 and later. UNPREDICTABLE and refused: r15 anywhere in a form that
shifts by a register, r15 written by a form that sets flags (an exception return, which user mode
has none of), r15 written by MOVW or MOVT.
"""

A32 = """
# -- immediate -----------------------------------------------------------------
AND_imm    cccc 001 0000 S nnnn dddd rrrr iiiiiiii          v4
EOR_imm    cccc 001 0001 S nnnn dddd rrrr iiiiiiii          v4
SUB_imm    cccc 001 0010 S nnnn dddd rrrr iiiiiiii          v4
RSB_imm    cccc 001 0011 S nnnn dddd rrrr iiiiiiii          v4
ADD_imm    cccc 001 0100 S nnnn dddd rrrr iiiiiiii          v4
ADC_imm    cccc 001 0101 S nnnn dddd rrrr iiiiiiii          v4
SBC_imm    cccc 001 0110 S nnnn dddd rrrr iiiiiiii          v4
RSC_imm    cccc 001 0111 S nnnn dddd rrrr iiiiiiii          v4
TST_imm    cccc 001 1000 1 nnnn 0000 rrrr iiiiiiii          v4
TEQ_imm    cccc 001 1001 1 nnnn 0000 rrrr iiiiiiii          v4
CMP_imm    cccc 001 1010 1 nnnn 0000 rrrr iiiiiiii          v4
CMN_imm    cccc 001 1011 1 nnnn 0000 rrrr iiiiiiii          v4
ORR_imm    cccc 001 1100 S nnnn dddd rrrr iiiiiiii          v4
MOV_imm    cccc 001 1101 S 0000 dddd rrrr iiiiiiii          v4
BIC_imm    cccc 001 1110 S nnnn dddd rrrr iiiiiiii          v4
MVN_imm    cccc 001 1111 S 0000 dddd rrrr iiiiiiii          v4

# -- register, shifted by an immediate -----------------------------------------
AND_reg    cccc 000 0000 S nnnn dddd aaaaa tt 0 mmmm        v4
EOR_reg    cccc 000 0001 S nnnn dddd aaaaa tt 0 mmmm        v4
SUB_reg    cccc 000 0010 S nnnn dddd aaaaa tt 0 mmmm        v4
RSB_reg    cccc 000 0011 S nnnn dddd aaaaa tt 0 mmmm        v4
ADD_reg    cccc 000 0100 S nnnn dddd aaaaa tt 0 mmmm        v4
ADC_reg    cccc 000 0101 S nnnn dddd aaaaa tt 0 mmmm        v4
SBC_reg    cccc 000 0110 S nnnn dddd aaaaa tt 0 mmmm        v4
RSC_reg    cccc 000 0111 S nnnn dddd aaaaa tt 0 mmmm        v4
TST_reg    cccc 000 1000 1 nnnn 0000 aaaaa tt 0 mmmm        v4
TEQ_reg    cccc 000 1001 1 nnnn 0000 aaaaa tt 0 mmmm        v4
CMP_reg    cccc 000 1010 1 nnnn 0000 aaaaa tt 0 mmmm        v4
CMN_reg    cccc 000 1011 1 nnnn 0000 aaaaa tt 0 mmmm        v4
ORR_reg    cccc 000 1100 S nnnn dddd aaaaa tt 0 mmmm        v4
MOV_reg    cccc 000 1101 S 0000 dddd aaaaa tt 0 mmmm        v4
BIC_reg    cccc 000 1110 S nnnn dddd aaaaa tt 0 mmmm        v4
MVN_reg    cccc 000 1111 S 0000 dddd aaaaa tt 0 mmmm        v4

# -- register, shifted by a register -------------------------------------------
AND_rsr    cccc 000 0000 S nnnn dddd ssss 0 tt 1 mmmm       v4
EOR_rsr    cccc 000 0001 S nnnn dddd ssss 0 tt 1 mmmm       v4
SUB_rsr    cccc 000 0010 S nnnn dddd ssss 0 tt 1 mmmm       v4
RSB_rsr    cccc 000 0011 S nnnn dddd ssss 0 tt 1 mmmm       v4
ADD_rsr    cccc 000 0100 S nnnn dddd ssss 0 tt 1 mmmm       v4
ADC_rsr    cccc 000 0101 S nnnn dddd ssss 0 tt 1 mmmm       v4
SBC_rsr    cccc 000 0110 S nnnn dddd ssss 0 tt 1 mmmm       v4
RSC_rsr    cccc 000 0111 S nnnn dddd ssss 0 tt 1 mmmm       v4
TST_rsr    cccc 000 1000 1 nnnn 0000 ssss 0 tt 1 mmmm       v4
TEQ_rsr    cccc 000 1001 1 nnnn 0000 ssss 0 tt 1 mmmm       v4
CMP_rsr    cccc 000 1010 1 nnnn 0000 ssss 0 tt 1 mmmm       v4
CMN_rsr    cccc 000 1011 1 nnnn 0000 ssss 0 tt 1 mmmm       v4
ORR_rsr    cccc 000 1100 S nnnn dddd ssss 0 tt 1 mmmm       v4
MOV_rsr    cccc 000 1101 S 0000 dddd ssss 0 tt 1 mmmm       v4
BIC_rsr    cccc 000 1110 S nnnn dddd ssss 0 tt 1 mmmm       v4
MVN_rsr    cccc 000 1111 S 0000 dddd ssss 0 tt 1 mmmm       v4

# -- 16-bit immediates ---------------------------------------------------------
MOVW       cccc 001 1000 0 iiii dddd iiiiiiiiiiii           v6T2
MOVT       cccc 001 1010 0 iiii dddd iiiiiiiiiiii           v6T2
"""
