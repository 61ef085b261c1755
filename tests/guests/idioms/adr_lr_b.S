@ A named return site and a direct branch: a call that no instruction shows to be one.
@ expect: call outer site=done args=3 depth=0
@ expect: call f site=back depth=1 args=3
@ expect: return f result=6 depth=1
@ expect: return outer result=7 depth=0
@ status: 7
#include "idiom.h"
_start: mov     r0, #3
        bl      outer
done:   exit
function outer
        push    {r4, lr}
        adr     lr, back
        b       f
        mov     r0, #99                 @ never
back:   add     r0, r0, #1
        pop     {r4, pc}
function f
        add     r0, r0, r0
        bx      lr
