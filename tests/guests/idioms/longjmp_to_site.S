@ A jump out of a nested call lands exactly where the outer one returns to, with its stack pointer:
@ whatever way control took, that is a return of the outer and the end of the inner.
@ expect: call f site=site depth=0
@ expect: call g site=in_f depth=1
@ expect: unwound g depth=1
@ expect: return f result=3 depth=0
@ status: 3
#include "idiom.h"
_start: mov     r4, sp
        bl      f
site:   exit
function f
        push    {r5, lr}
        bl      g
in_f:   pop     {r5, pc}
function g
        push    {r5, r6, lr}
        mov     r0, #3
        ldr     r1, =site
        mov     sp, r4
        bx      r1
        .ltorg
