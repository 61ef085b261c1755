"""A32 branches.

Fields
    c cond     i offset in words, signed     H offset halfword     m Rm
"""

A32 = """
B          cccc 1010 iiiiiiiiiiiiiiiiiiiiiiii                 v4
BL         cccc 1011 iiiiiiiiiiiiiiiiiiiiiiii                 v4
BLX_imm    1111 101 H iiiiiiiiiiiiiiiiiiiiiiii                v5T
BX         cccc 0001 0010 1111 1111 1111 0001 mmmm            v4T
BXJ        cccc 0001 0010 1111 1111 1111 0010 mmmm            v5TEJ
BLX_reg    cccc 0001 0010 1111 1111 1111 0011 mmmm            v5T
"""
