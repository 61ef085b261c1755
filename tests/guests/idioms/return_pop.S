@ Returns through the stack: pop {..., pc}, which on ARM is ldm sp!, also with a single register.
@ expect: call f site=a args=1 depth=0
@ expect: call g site=in_f args=1 depth=1
@ expect: return g result=2 depth=1
@ expect: return f result=3 depth=0
@ expect: call h site=b args=3
@ expect: return h result=4
@ status: 4
#include "idiom.h"
_start: mov     r0, #1
        bl      f
a:      bl      h
b:      exit
function f
        push    {r4, lr}
        bl      g
in_f:   add     r0, r0, #1
        pop     {r4, pc}
function g
        push    {lr}
        add     r0, r0, #1
        pop     {pc}
function h
        stmdb   sp!, {r4, r5, r6, lr}
        add     r0, r0, #1
        ldmia   sp!, {r4, r5, r6, pc}
