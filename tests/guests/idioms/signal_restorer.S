@ The code that the handler returns to is a watched function: it is entered by a return, and never
@ left but through sigreturn.
@ expect: call f site=after depth=0
@ expect: call handler site=restore args=10 depth=1
@ expect: return handler depth=1
@ expect: call restore site=restore depth=1
@ expect: unwound restore depth=1
@ expect: return f depth=0
@ status: 8
#include "idiom.h"
        .type   restore, %function
_start: catch   10, usr1
        bl      f
after:  mov     r0, #8
        exit
function f
        push    {r4, lr}
        send    10
        pop     {r4, pc}
function handler
        bx      lr
        restorer
        .ltorg
        .data
usr1:   action  handler
