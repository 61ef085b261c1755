"""T32 branches (ARM ARM A6.2.5, A6.2.6, A6.3.4, A6.3.6).

Fields
    k cond     i offset in halfwords     s j J  its highest bits (A8.8.18)     n m  Rn Rm
    z  branch if not zero
"""

T32 = """
B_short     1101 kkkk iiiiiiii                              v4T   it=no
B_near      11100 iiiiiiiiiii                               v4T   it=last
CBZ         1011 z 0 i 1 iiiii nnn                          v6T2  it=no
BX          010001 11 0 mmmm 000                            v4T   it=last
BLX_reg     010001 11 1 mmmm 000                            v5T   it=last
B_cond      11110 s kkkk iiiiii 10 j 0 J iiiiiiiiiii        v6T2  it=no
B_wide      11110 s iiiiiiiiii 10 j 1 J iiiiiiiiiii         v6T2  it=last
BL_wide     11110 s iiiiiiiiii 11 j 1 J iiiiiiiiiii         v4T   it=last
BLX_wide    11110 s iiiiiiiiii 11 j 0 J iiiiiiiiii 0        v5T   it=last
BXJ         11110011 1100 mmmm 1000 1111 0000 0000          v6T2  it=last bad=m
TBB         11101000 1101 nnnn 1111 0000 0000 mmmm          v6T2  it=last bad=m sp=n
TBH         11101000 1101 nnnn 1111 0000 0001 mmmm          v6T2  it=last bad=m sp=n
"""
