@ A signal between call and return: the handler's activation stands on the interrupted one's, and
@ returns to the code that calls sigreturn.
@ expect: call f site=after depth=0
@ expect: call handler site=restore args=10 depth=1 caller=0
@ expect: return handler depth=1
@ expect: return f result=1 depth=0
@ status: 1
#include "idiom.h"
_start: catch   10, usr1
        bl      f
after:  exit
function f
        push    {r4, lr}
        send    10
        ldr     r1, =count
        ldr     r0, [r1]
        pop     {r4, pc}
function handler
        ldr     r1, =count
        ldr     r2, [r1]
        add     r2, r2, #1
        str     r2, [r1]
        bx      lr
        restorer
        .ltorg
        .data
usr1:   action  handler
count:  .word   0
