@ A jump table of branches, entered by adding to pc; its last case tail calls.
@ expect: call f site=after args=0 depth=0
@ expect: return f result=10
@ expect: call f site=after args=1
@ expect: return f result=20
@ expect: call f site=after args=2 depth=0
@ expect: tail_call g site=after args=2 depth=1
@ expect: return g result=30
@ expect: return f result=30
@ status: 60
#include "idiom.h"
_start: mov     r4, #0
        mov     r5, #0
loop:   mov     r0, r4
        bl      f
after:  add     r5, r5, r0
        add     r4, r4, #1
        cmp     r4, #3
        bne     loop
        mov     r0, r5
        exit
function f
        add     pc, pc, r0, lsl #2
        nop
        b       case0
        b       case1
        b       g
case0:  mov     r0, #10
        bx      lr
case1:  mov     r0, #20
        bx      lr
function g
        mov     r0, #30
        bx      lr
