@ Two stacks that take turns. A function suspended on the one is not given up when the other, higher
@ in memory, goes on: stack pointers are compared within a stack.
@ expect: call swap site=s1 depth=0
@ expect: call work site=in_body depth=1
@ expect: call swap site=in_work depth=2
@ expect: return swap
@ expect: call g site=s2
@ expect: return g
@ expect: call swap site=s3
@ expect: return swap
@ expect: return work result=5
@ expect: call swap site=in_body2
@ expect: return swap
@ status: 5
#include "idiom.h"
_start: ldr     r8, =slots
        mov     r0, #3
        bl      swap
s1:     bl      g
s2:     bl      swap
s3:     exit
body:   bl      work
in_body:
        bl      swap
in_body2:
        b       in_body2                @ never
function work
        push    {r4, lr}
        add     r4, r0, #1
        bl      swap
in_work:
        add     r0, r4, #1
        pop     {r4, pc}
function g
        bx      lr
function swap                           @ exchange sp with the other's
        push    {r4, r5, lr}
        ldr     r1, [r8]
        str     sp, [r8]
        mov     sp, r1
        pop     {r4, r5, pc}
        .ltorg
        .data
slots:  .word   first
        .space  256
first:  .word   0, 0, body
