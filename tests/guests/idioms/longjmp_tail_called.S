@ longjmp out of a function that was tail called: both are given up.
@ expect: call outer site=done depth=0
@ expect: call f site=in_h depth=1
@ expect: tail_call g site=in_h depth=2
@ expect: unwound g depth=2
@ expect: unwound f depth=1
@ expect: return outer result=5 depth=0
@ status: 5
#include "idiom.h"
_start: bl      outer
done:   exit
function outer
        push    {r4, lr}
        ldr     r0, =buffer
        bl      setjmp
        cmp     r0, #0
        popne   {r4, pc}
        bl      h
h:      push    {r4, lr}
        bl      f
in_h:   pop     {r4, pc}
function f
        b       g
        .word   0
function g
        ldr     r0, =buffer
        mov     r1, #5
        b       longjmp
        throws
