@ The same, and the frame between is nobody's business: only the stack pointer can tell.
@ expect: call f site=site args=0 depth=0
@ expect: unwound f depth=0
@ status: 1
#include "idiom.h"
_start: ldr     r0, =buffer
        bl      setjmp
        bl      h
in_run: exit
h:      push    {r4, lr}
        cmp     r0, #0
        bne     site
        bl      f
site:   pop     {r4, pc}
function f
        ldr     r0, =buffer
        mov     r1, #1
        b       longjmp
        throws
