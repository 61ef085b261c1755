@ A tail call from a function that had a frame and calls of its own.
@ expect: call f site=after args=1 depth=0
@ expect: call h site=in_f args=1 depth=1
@ expect: return h result=2 depth=1
@ expect: tail_call g site=after args=2 depth=1
@ expect: call h site=in_g args=2 depth=2
@ expect: return h result=3 depth=2
@ expect: return g result=13 depth=1
@ expect: return f result=13 depth=0
@ status: 13
#include "idiom.h"
_start: mov     r0, #1
        bl      f
after:  exit
function f
        push    {r4, lr}
        bl      h
in_f:   pop     {r4, lr}
        b       g
function g
        push    {r4, lr}
        bl      h
in_g:   add     r0, r0, #10
        pop     {r4, pc}
function h
        add     r0, r0, #1
        bx      lr
