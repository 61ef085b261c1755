@ A handler that wants to know more: a larger frame with three arguments, and the other sigreturn.
@ expect: call f site=after depth=0
@ expect: call handler site=rt_restore args=10 depth=1
@ expect: return handler result=10 depth=1
@ expect: return f depth=0
@ status: 10
#include "idiom.h"
_start: catch   10, usr1
        bl      f
after:  ldr     r1, =seen
        ldr     r0, [r1]
        exit
function f
        push    {r4, lr}
        send    10
        pop     {r4, pc}
function handler
        ldr     r0, [r1]                @ si_signo
        ldr     r1, =seen
        str     r0, [r1]
        bx      lr
rt_restore:
        mov     r7, #173
        swi     0
        .ltorg
        .data
usr1:   .word   handler, 0x04000004, rt_restore, 0, 0
seen:   .word   0
