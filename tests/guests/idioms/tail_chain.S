@ A chain of tail calls by branch, register, pop and fall-through; one of them with a call between.
@ expect: call a site=after args=0 depth=0
@ expect: tail_call b depth=1 args=1
@ expect: tail_call c depth=2 args=3
@ expect: call e site=in_c depth=3 args=3
@ expect: return e result=3 depth=3
@ expect: tail_call d depth=3 args=7
@ expect: return d depth=3 result=15
@ expect: return c depth=2 result=15
@ expect: return b depth=1 result=15
@ expect: return a depth=0 result=15
@ status: 15
#include "idiom.h"
_start: mov     r0, #0
        bl      a
after:  exit
function a
        add     r0, r0, #1
        b       b
function e
        bx      lr
function b
        add     r0, r0, #2
        ldr     ip, =c
        bx      ip
        .ltorg
function c
        push    {r4, lr}
        bl      e
in_c:   add     r0, r0, #4
        pop     {r4, lr}
function d
        add     r0, r0, #8
        bx      lr
