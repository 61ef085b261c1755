@ A signal handler throws into the frame that called what it interrupted.
@ expect: call f site=in_run depth=0
@ expect: call handler depth=1
@ expect: unwound handler depth=1
@ expect: unwound f depth=0
@ expect: call h site=after args=1 depth=0
@ expect: return h result=1 depth=0
@ status: 1
#include "idiom.h"
_start: catch   10, act
        ldr     r0, =buffer
        bl      setjmp
        cmp     r0, #0
        beq     first
back:   bl      h
after:  exit
first:  bl      f
in_run: b       back
function f
        push    {r7, lr}
        send    10
        pop     {r7, pc}
function handler
        ldr     r0, =buffer
        mov     r1, #1
        b       longjmp
function h
        bx      lr
        restorer
act:    action  handler
        throws
