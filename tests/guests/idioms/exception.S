@ An exception caught two frames up: control goes on in the middle of a function that then returns
@ as usual. What it called is given up, which shows when it calls something else.
@ expect: call a site=after depth=0
@ expect: call b site=in_a depth=1
@ expect: call c site=in_b depth=2
@ expect: unwound c depth=2
@ expect: unwound b depth=1
@ expect: call g site=in_pad depth=1
@ expect: return g depth=1
@ expect: return a result=5 depth=0
@ status: 5
#include "idiom.h"
_start: bl      a
after:  exit
function a
        push    {r4, lr}
        mov     r4, sp
        bl      b
in_a:   pop     {r4, pc}
pad:    bl      g
in_pad: mov     r0, #5
        pop     {r4, pc}
function b
        push    {r5, lr}
        bl      c
in_b:   pop     {r5, pc}
function c
        push    {r5, r6, r7, lr}
        mov     sp, r4
        b       pad
function g
        bx      lr
