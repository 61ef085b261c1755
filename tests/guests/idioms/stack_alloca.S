@ The same call site at other depths of the stack within one activation, and an epilogue that takes
@ sp from the frame pointer.
@ expect: call f site=after depth=0
@ expect: call g site=in_f args=1 depth=1
@ expect: return g depth=1
@ expect: call g site=in_f args=2 depth=1
@ expect: return g depth=1
@ expect: call g site=in_f args=3 depth=1
@ expect: return g result=4 depth=1
@ expect: return f result=4 depth=0
@ status: 4
#include "idiom.h"
_start: mov     r0, #1
        bl      f
after:  exit
function f
        push    {r4, fp, lr}
        mov     fp, sp
again:  sub     sp, sp, r0, lsl #3
        bl      g
in_f:   cmp     r0, #4
        bne     again
        mov     sp, fp
        pop     {r4, fp, pc}
function g
        add     r0, r0, #1
        bx      lr
