@ A longjmp into the frame that called: the stack pointer is what it was when f was called, and the
@ return site of f is skipped. Twice, from the same site.
@ expect: repeat 2
@ expect: call f site=in_run args=0 depth=0
@ expect: call g site=in_f depth=1
@ expect: unwound g depth=1
@ expect: unwound f depth=0
@ expect: call h site=after args=1 depth=0
@ expect: return h result=1 depth=0
@ expect: end
@ status: 1
#include "idiom.h"
_start: mov     r4, #0
again:  ldr     r0, =buffer
        bl      setjmp
        cmp     r0, #0
        beq     first
back:   bl      h
after:  add     r4, r4, #1
        cmp     r4, #2
        bne     again
        exit
first:  bl      f
in_run: b       back
function f
        push    {r4, lr}
        bl      g
in_f:   pop     {r4, pc}
function g
        ldr     r0, =buffer
        mov     r1, #1
        b       longjmp
function h
        bx      lr
        throws
