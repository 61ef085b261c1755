@ Tail calls: `b.w`, `bx` of a register, and to a function of ARM code, which returns to Thumb code.
@ expect: call f site=a args=1 depth=0
@ expect: tail_call g site=a args=2 depth=1
@ expect: tail_call h site=a args=3 depth=2
@ expect: tail_call arm site=a args=4 depth=3
@ expect: return arm result=5 depth=3
@ expect: return h result=5 depth=2
@ expect: return g result=5 depth=1
@ expect: return f result=5 depth=0
@ expect: call h site=b args=5 depth=0
@ expect: tail_call arm site=b args=6 depth=1
@ expect: return arm result=7
@ expect: return h result=7
@ status: 7
#include "thumb.h"
        thumb_start
        movs    r0, #1
        bl      f
a:      bl      h
b:      exit
function f
        push    {r4, lr}
        adds    r0, #1
        pop.w   {r4, lr}
        b.w     g
        nop
function g
        adds    r0, #1
        ldr     r3, =h
        bx      r3
function h
        adds    r0, #1
        ldr     r3, =arm
        bx      r3
        .ltorg
        .arm
function arm
        add     r0, r0, #1
        bx      lr
