@ A function that is given a function to call, which calls it again.
@ expect: call each site=after args=twice,2 depth=0
@ expect: call twice site=in_each args=2 depth=1
@ expect: call each site=in_twice args=once,5 depth=2
@ expect: call once site=in_each args=5 depth=3
@ expect: return once result=6 depth=3
@ expect: return each result=6 depth=2
@ expect: return twice result=12 depth=1
@ expect: return each result=12 depth=0
@ status: 12
#include "idiom.h"
_start: ldr     r0, =twice
        mov     r1, #2
        bl      each
after:  exit
function each
        push    {r4, lr}
        mov     r3, r0
        mov     r0, r1
        blx     r3
in_each:
        pop     {r4, pc}
function twice
        push    {r4, lr}
        add     r1, r0, #3
        ldr     r0, =once
        bl      each
in_twice:
        add     r0, r0, r0
        pop     {r4, pc}
function once
        add     r0, r0, #1
        bx      lr
        .ltorg
