@ Conditional tail calls, not taken and taken.
@ expect: call f site=a args=0 depth=0
@ expect: return f result=1
@ expect: call f site=b args=1 depth=0
@ expect: tail_call g site=b args=1 depth=1
@ expect: return g result=11
@ expect: return f result=11
@ status: 11
#include "idiom.h"
_start: mov     r0, #0
        bl      f
a:      bl      f
b:      exit
function f
        cmp     r0, #0
        bne     g
        add     r0, r0, #1
        bx      lr
function g
        add     r0, r0, #10
        bx      lr
