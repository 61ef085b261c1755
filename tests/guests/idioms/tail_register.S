@ Tail calls through a register and through memory.
@ expect: call f site=after args=1 depth=0
@ expect: tail_call g args=1 depth=1
@ expect: tail_call h args=11 depth=2
@ expect: return h result=31 depth=2
@ expect: return g result=31 depth=1
@ expect: return f result=31 depth=0
@ status: 31
#include "idiom.h"
_start: mov     r0, #1
        bl      f
after:  exit
function f
        ldr     r3, =g
        bx      r3
function g
        add     r0, r0, #10
        ldr     pc, =h
function h
        add     r0, r0, #20
        bx      lr
        .ltorg
