@ A handler without a restorer of the program's: it returns to code of the kernel's.
@ expect: call f site=after depth=0
@ expect: call handler args=10 depth=1
@ expect: return handler depth=1
@ expect: return f depth=0
@ status: 3
#include "idiom.h"
_start: catch   10, usr1
        bl      f
after:  mov     r0, #3
        exit
function f
        push    {r4, lr}
        send    10
        pop     {r4, pc}
function handler
        bx      lr
        .ltorg
        .data
usr1:   .word   handler, 0, 0, 0, 0
