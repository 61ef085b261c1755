@ After a longjmp the stack grows to where it was, and control arrives at the site of the call that
@ was given up, having gone round the call. It is no return: the stack pointer has been above.
@ expect: call h site=in_run args=0 depth=0
@ expect: call f site=site args=0 depth=1
@ expect: unwound f depth=1
@ expect: unwound h depth=0
@ expect: call h site=in_run args=1 depth=0
@ expect: return h result=1 depth=0
@ status: 1
#include "idiom.h"
_start: ldr     r0, =buffer
        bl      setjmp
        bl      h
in_run: exit
function h
        push    {r4, lr}
        cmp     r0, #0
        bne     site
        bl      f
site:   pop     {r4, pc}
function f
        ldr     r0, =buffer
        mov     r1, #1
        b       longjmp
        throws
