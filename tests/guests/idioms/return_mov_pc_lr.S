@ The return of ARMv2 to ARMv4, and its disguise through another register.
@ expect: call f site=a args=1
@ expect: return f result=2
@ expect: call g site=b args=2
@ expect: return g result=3
@ status: 3
#include "idiom.h"
_start: mov     r0, #1
        bl      f
a:      bl      g
b:      exit
function f
        add     r0, r0, #1
        mov     pc, lr
function g
        mov     r2, lr
        add     r0, r0, #1
        mov     pc, r2
