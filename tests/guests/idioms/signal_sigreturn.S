@ A handler that calls sigreturn itself: it never returns, its frame vanishes under it.
@ expect: call f site=after depth=0
@ expect: call handler site=restore args=10 depth=1
@ expect: unwound handler depth=1
@ expect: return f depth=0
@ status: 8
#include "idiom.h"
_start: catch   10, usr1
        bl      f
after:  mov     r0, #8
        exit
function f
        push    {r4, lr}
        send    10
        pop     {r4, pc}
function handler
        mov     r7, #119
        swi     0
        restorer
        .ltorg
        .data
usr1:   action  handler
