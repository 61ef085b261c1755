@ Two activations that stand for one frame are given up together, and h has arguments on the stack.
@ expect: call f site=in_run args=0 depth=0
@ expect: tail_call g site=in_run depth=1
@ expect: unwound g depth=1
@ expect: unwound f depth=0
@ expect: call h site=after args=1 depth=0
@ expect: return h result=1 depth=0
@ status: 1
#include "idiom.h"
_start: ldr     r0, =buffer
        bl      setjmp
        cmp     r0, #0
        beq     first
back:   push    {r0, r1}
        bl      h
after:  exit
first:  bl      f
in_run: b       back
function f
        b       g
function g
        push    {r4, lr}
        ldr     r0, =buffer
        mov     r1, #1
        b       longjmp
function h
        bx      lr
        throws
