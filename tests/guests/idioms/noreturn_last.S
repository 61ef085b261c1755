@ A call as the last instruction of a function: its return site is another function's beginning,
@ which is later entered by a call of its own.
@ expect: call outer site=done depth=0
@ expect: call f site=in_outer depth=1
@ expect: call die site=g depth=2
@ expect: unwound die depth=2
@ expect: unwound f depth=1
@ expect: return outer result=4 depth=0
@ expect: call g site=last args=4 depth=0
@ expect: return g result=5 depth=0
@ status: 5
#include "idiom.h"
_start: bl      outer
done:   bl      g
last:   exit
function outer
        push    {r4, lr}
        mov     r4, sp
        sub     sp, sp, #8
        bl      f
in_outer:
        exit                            @ never
landed: mov     r0, #4
        pop     {r4, pc}
function f
        push    {r5, lr}
        bl      die
function g
        add     r0, r0, #1
        bx      lr
function die
        mov     sp, r4                  @ longjmp
        b       landed
