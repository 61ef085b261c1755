"""T32 data processing (ARM ARM A6.2.1 to A6.2.3, A6.3.1, A6.3.3, A6.3.11, A6.3.12).

Fields
    S sets flags     n d m s  Rn Rd Rm Rs     i immediate     a shift amount     t shift type
    r i  a modified immediate (A6.3.2)        h j i  an immediate of 16 bits
"""

T32 = """
# -- 16 bits: shift by immediate, add, subtract, move, compare ---------------------------------
MOV_reg.T2     000 00 00000 mmm ddd                            v4T   S=1 a=0 t=0 it=no
MOV_reg.lsl    000 00 aaaaa mmm ddd                            v4T   S=it t=0
MOV_reg.lsr    000 01 aaaaa mmm ddd                            v4T   S=it t=1
MOV_reg.asr    000 10 aaaaa mmm ddd                            v4T   S=it t=2
ADD_reg.T1     000 11 0 0 mmm nnn ddd                          v4T   S=it a=0 t=0
SUB_reg.T1     000 11 0 1 mmm nnn ddd                          v4T   S=it a=0 t=0
ADD_number.T1  000 11 1 0 iii nnn ddd                          v4T   S=it
SUB_number.T1  000 11 1 1 iii nnn ddd                          v4T   S=it
MOV_number     001 00 ddd iiiiiiii                             v4T   S=it
CMP_number     001 01 nnn iiiiiiii                             v4T
ADD_number.T2  001 10 ddd iiiiiiii                             v4T   S=it n=d
SUB_number.T2  001 11 ddd iiiiiiii                             v4T   S=it n=d

# -- 16 bits: data processing --------------------------------------------------------------------
AND_reg.T1     010000 0000 mmm ddd                             v4T   S=it n=d a=0 t=0
EOR_reg.T1     010000 0001 mmm ddd                             v4T   S=it n=d a=0 t=0
MOV_rsr.lsl    010000 0010 sss ddd                             v4T   S=it m=d t=0
MOV_rsr.lsr    010000 0011 sss ddd                             v4T   S=it m=d t=1
MOV_rsr.asr    010000 0100 sss ddd                             v4T   S=it m=d t=2
ADC_reg.T1     010000 0101 mmm ddd                             v4T   S=it n=d a=0 t=0
SBC_reg.T1     010000 0110 mmm ddd                             v4T   S=it n=d a=0 t=0
MOV_rsr.ror    010000 0111 sss ddd                             v4T   S=it m=d t=3
TST_reg.T1     010000 1000 mmm nnn                             v4T   a=0 t=0
RSB_imm.T1     010000 1001 nnn ddd                             v4T   S=it r=0 i=0
CMP_reg.T1     010000 1010 mmm nnn                             v4T   a=0 t=0
CMN_reg.T1     010000 1011 mmm nnn                             v4T   a=0 t=0
ORR_reg.T1     010000 1100 mmm ddd                             v4T   S=it n=d a=0 t=0
BIC_reg.T1     010000 1110 mmm ddd                             v4T   S=it n=d a=0 t=0
MVN_reg.T1     010000 1111 mmm ddd                             v4T   S=it a=0 t=0

# -- 16 bits: high registers, sp and pc ----------------------------------------------------------
ADD_reg.T2     010001 00 d mmmm ddd                            v4T   S=0 n=d a=0 t=0
UDF.add_pc     010001 00 1 1111 111                            v4T
CMP_reg.T2     010001 01 n mmmm nnn                            v4T   a=0 t=0 pc=nm
UDF.cmp_low    010001 01 0 0--- ---                            v4T
MOV_reg.T1     010001 10 d mmmm ddd                            v4T   S=0 a=0 t=0
ADR.T1         1010 0 ddd iiiiiiii                             v4T   U=1 i=4*i
ADD_number.sp  1010 1 ddd iiiiiiii                             v4T   S=0 n=13 i=4*i
ADD_number.T2s 1011 0000 0 iiiiiii                             v4T   S=0 n=13 d=13 i=4*i
SUB_number.T1s 1011 0000 1 iiiiiii                             v4T   S=0 n=13 d=13 i=4*i

# -- 32 bits: modified immediate -----------------------------------------------------------------
AND_imm        11110 r 0 0000 S nnnn 0 rrr dddd iiiiiiii       v6T2  bad=nd
TST_imm        11110 r 0 0000 1 nnnn 0 rrr 1111 iiiiiiii       v6T2  bad=n
BIC_imm        11110 r 0 0001 S nnnn 0 rrr dddd iiiiiiii       v6T2  bad=nd
ORR_imm        11110 r 0 0010 S nnnn 0 rrr dddd iiiiiiii       v6T2  bad=nd
MOV_imm        11110 r 0 0010 S 1111 0 rrr dddd iiiiiiii       v6T2  bad=d
ORN_imm        11110 r 0 0011 S nnnn 0 rrr dddd iiiiiiii       v6T2  bad=nd
MVN_imm        11110 r 0 0011 S 1111 0 rrr dddd iiiiiiii       v6T2  bad=d
EOR_imm        11110 r 0 0100 S nnnn 0 rrr dddd iiiiiiii       v6T2  bad=nd
TEQ_imm        11110 r 0 0100 1 nnnn 0 rrr 1111 iiiiiiii       v6T2  bad=n
ADD_imm        11110 r 0 1000 S nnnn 0 rrr dddd iiiiiiii       v6T2  pc=nd copy=dn
CMN_imm        11110 r 0 1000 1 nnnn 0 rrr 1111 iiiiiiii       v6T2  pc=n
ADC_imm        11110 r 0 1010 S nnnn 0 rrr dddd iiiiiiii       v6T2  bad=nd
SBC_imm        11110 r 0 1011 S nnnn 0 rrr dddd iiiiiiii       v6T2  bad=nd
SUB_imm        11110 r 0 1101 S nnnn 0 rrr dddd iiiiiiii       v6T2  pc=nd copy=dn
CMP_imm        11110 r 0 1101 1 nnnn 0 rrr 1111 iiiiiiii       v6T2  pc=n
RSB_imm.T2     11110 r 0 1110 S nnnn 0 rrr dddd iiiiiiii       v6T2  bad=nd

# -- 32 bits: plain immediate --------------------------------------------------------------------
ADD_number.T4  11110 i 1 00000 nnnn 0 iii dddd iiiiiiii        v6T2  S=0 pc=d copy=dn
ADR.T3         11110 i 1 00000 1111 0 iii dddd iiiiiiii        v6T2  U=1 bad=d
SUB_number.T4  11110 i 1 01010 nnnn 0 iii dddd iiiiiiii        v6T2  S=0 pc=d copy=dn
ADR.T2         11110 i 1 01010 1111 0 iii dddd iiiiiiii        v6T2  U=0 bad=d
MOVW_split     11110 j 1 00100 hhhh 0 iii dddd iiiiiiii        v6T2  bad=d
MOVT_split     11110 j 1 01100 hhhh 0 iii dddd iiiiiiii        v6T2  bad=d

# -- 32 bits: register, shifted by an immediate --------------------------------------------------
AND_reg        1110101 0000 S nnnn 0 aaa dddd aa tt mmmm       v6T2  bad=ndm
TST_reg        1110101 0000 1 nnnn 0 aaa 1111 aa tt mmmm       v6T2  bad=nm
BIC_reg        1110101 0001 S nnnn 0 aaa dddd aa tt mmmm       v6T2  bad=ndm
ORR_reg        1110101 0010 S nnnn 0 aaa dddd aa tt mmmm       v6T2  bad=ndm
MOV_reg.shift  1110101 0010 S 1111 0 aaa dddd aa tt mmmm       v6T2  bad=dm
MOV_reg.T3     1110101 0010 0 1111 0 000 dddd 00 00 mmmm       v6T2  S=0 a=0 t=0 pc=dm
UDF.mov_sp     1110101 0010 0 1111 0 000 1101 00 00 1101       v6T2
ORN_reg        1110101 0011 S nnnn 0 aaa dddd aa tt mmmm       v6T2  bad=ndm
MVN_reg        1110101 0011 S 1111 0 aaa dddd aa tt mmmm       v6T2  bad=dm
EOR_reg        1110101 0100 S nnnn 0 aaa dddd aa tt mmmm       v6T2  bad=ndm
TEQ_reg        1110101 0100 1 nnnn 0 aaa 1111 aa tt mmmm       v6T2  bad=nm
ADD_reg        1110101 1000 S nnnn 0 aaa dddd aa tt mmmm       v6T2  bad=m pc=nd copy=dn
UDF.add_sp     1110101 1000 - 1101 0 --- 1101 -- -- ----       v6T2
ADD_reg.sp     1110101 1000 S 1101 0 000 1101 aa 00 mmmm       v6T2  n=13 d=13 t=0 bad=m
CMN_reg        1110101 1000 1 nnnn 0 aaa 1111 aa tt mmmm       v6T2  bad=m pc=n
ADC_reg        1110101 1010 S nnnn 0 aaa dddd aa tt mmmm       v6T2  bad=ndm
SBC_reg        1110101 1011 S nnnn 0 aaa dddd aa tt mmmm       v6T2  bad=ndm
SUB_reg        1110101 1101 S nnnn 0 aaa dddd aa tt mmmm       v6T2  bad=m pc=nd copy=dn
UDF.sub_sp     1110101 1101 - 1101 0 --- 1101 -- -- ----       v6T2
SUB_reg.sp     1110101 1101 S 1101 0 000 1101 aa 00 mmmm       v6T2  n=13 d=13 t=0 bad=m
CMP_reg        1110101 1101 1 nnnn 0 aaa 1111 aa tt mmmm       v6T2  bad=m pc=n
RSB_reg        1110101 1110 S nnnn 0 aaa dddd aa tt mmmm       v6T2  bad=ndm

# -- 32 bits: shift by register ------------------------------------------------------------------
MOV_rsr        11111010 0 tt S mmmm 1111 dddd 0000 ssss        v6T2  bad=mds
"""
