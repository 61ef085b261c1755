@ Two stacks that take turns by one instruction, which loads stack pointer and pc together.
@ expect: call swap site=s1 depth=0
@ expect: call swap site=in_body depth=1
@ expect: return swap depth=0
@ expect: call swap site=s2 depth=1
@ expect: return swap depth=1
@ expect: call g site=in_body2 depth=1
@ expect: return g depth=1
@ expect: call swap site=in_body3 depth=1
@ expect: return swap depth=1
@ expect: call g site=s3 depth=1
@ expect: return g depth=1
@ status: 6
#include "idiom.h"
_start: ldr     r0, =one
        ldr     r1, =two
        bl      swap
s1:     ldr     r0, =one
        ldr     r1, =two
        bl      swap
s2:     bl      g
s3:     mov     r0, #6
        exit
body:   ldr     r0, =two
        ldr     r1, =one
        bl      swap
in_body:
        bl      g
in_body2:
        ldr     r0, =two
        ldr     r1, =one
        bl      swap
in_body3:
        b       in_body3                @ never
function g
        bx      lr
function swap                           @ save to r0, go on with what r1 has
        stmia   r0, {r4-r11, sp, lr}
        ldmia   r1, {r4-r11, sp, pc}
        .ltorg
        .data
one:    .space  40
two:    .space  32
        .word   first, body
        .space  256
first:  .word   0
