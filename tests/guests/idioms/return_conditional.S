@ Conditional returns of each kind, first not taken, then taken.
@ expect: call f site=a args=0
@ expect: return f result=1
@ expect: call f site=b args=1
@ expect: return f result=1
@ expect: call g site=c args=1
@ expect: return g result=1
@ expect: call g site=d args=0
@ expect: return g result=7
@ expect: call h site=e args=7
@ expect: return h result=8
@ expect: call h site=i args=0
@ expect: return h result=0
@ status: 0
#include "idiom.h"
_start: mov     r0, #0
        bl      f
a:      bl      f
b:      bl      g
c:      mov     r0, #0
        bl      g
d:      bl      h
e:      mov     r0, #0
        bl      h
i:      exit
function f                              @ 0 becomes 1
        cmp     r0, #0
        bxne    lr
        mov     r0, #1
        bxeq    lr
        mov     r0, #99                 @ never
function g                              @ 0 becomes 7
        cmp     r0, #0
        movne   pc, lr
        mov     r0, #7
        moveq   pc, lr
        mov     r0, #99                 @ never
function h                              @ other than 0: one more
        push    {r4, lr}
        cmp     r0, #0
        popeq   {r4, pc}
        add     r0, r0, #1
        ldmne   sp!, {r4, pc}
