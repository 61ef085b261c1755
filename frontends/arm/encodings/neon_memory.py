"""Advanced SIMD loads and stores of elements and structures (ARM ARM A7.7).

Fields
    L load     n base     m index register, 13 and 15 have meanings     D d  first register
    s e h i  size, as its values are restricted (see ``neon``)     a b  alignment
    x registers two apart     T one more register     j k  lane

Behind the name of a row are what makes its elements: ``_multiple`` all of some registers, ``_lane``
one lane of each, ``_all`` one element for all lanes.
"""

A32 = """
# -- Multiple structures: registers -----------------------------------------
VLD1_multiple1  1111 0100 0 D L 0 nnnn dddd 0111 ss 0 a mmmm
VLD1_multiple2  1111 0100 0 D L 0 nnnn dddd 1010 ss bb mmmm
VLD1_multiple3  1111 0100 0 D L 0 nnnn dddd 0110 ss 0 a mmmm
VLD1_multiple4  1111 0100 0 D L 0 nnnn dddd 0010 ss aa mmmm
VLD2_multiple   1111 0100 0 D L 0 nnnn dddd 100 x ee bb mmmm
VLD2_pairs      1111 0100 0 D L 0 nnnn dddd 0011 ee aa mmmm
VLD3_multiple   1111 0100 0 D L 0 nnnn dddd 010 x ee 0 a mmmm
VLD4_multiple   1111 0100 0 D L 0 nnnn dddd 000 x ee aa mmmm

# -- One lane: size ------------------------------------------------------------
VLD1_lane8      1111 0100 1 D L 0 nnnn dddd 00 00 jjj 0 mmmm
VLD1_lane16     1111 0100 1 D L 0 nnnn dddd 01 00 jj 0 a mmmm
VLD1_lane32     1111 0100 1 D L 0 nnnn dddd 10 00 j 0 kk mmmm
VLD2_lane8      1111 0100 1 D L 0 nnnn dddd 00 01 jjj a mmmm
VLD2_lane16     1111 0100 1 D L 0 nnnn dddd 01 01 jj x a mmmm
VLD2_lane32     1111 0100 1 D L 0 nnnn dddd 10 01 j x 0 a mmmm
VLD3_lane8      1111 0100 1 D L 0 nnnn dddd 00 10 jjj 0 mmmm
VLD3_lane16     1111 0100 1 D L 0 nnnn dddd 01 10 jj x 0 mmmm
VLD3_lane32     1111 0100 1 D L 0 nnnn dddd 10 10 j x 00 mmmm
VLD4_lane8      1111 0100 1 D L 0 nnnn dddd 00 11 jjj a mmmm
VLD4_lane16     1111 0100 1 D L 0 nnnn dddd 01 11 jj x a mmmm
VLD4_lane32     1111 0100 1 D L 0 nnnn dddd 10 11 j x bb mmmm

# -- All lanes ----------------------------------------------------------------
VLD1_all8       1111 0100 1 D 10 nnnn dddd 11 00 00 T 0 mmmm
VLD1_all        1111 0100 1 D 10 nnnn dddd 11 00 hh T a mmmm
VLD2_all        1111 0100 1 D 10 nnnn dddd 11 01 ee T a mmmm
VLD3_all        1111 0100 1 D 10 nnnn dddd 11 10 ee T 0 mmmm
VLD4_all        1111 0100 1 D 10 nnnn dddd 11 11 ee T a mmmm
VLD4_all128     1111 0100 1 D 10 nnnn dddd 11 11 11 T 1 mmmm
"""
