@ As longjmp_past_call, and control lands with another stack pointer than that of the call that it
@ falls behind.
@ expect: call run site=done depth=0
@ expect: call setjmp site=again depth=1
@ expect: return setjmp result=0 depth=1
@ expect: call f site=in_run depth=1
@ expect: return f result=1 depth=1
@ expect: call g site=in_run2 depth=1
@ expect: return g depth=1
@ expect: return run depth=0
@ status: 1
#include "idiom.h"
_start: bl      run
done:   exit
function run
        push    {r4, lr}
        push    {r0, r1}
        ldr     r0, =buffer
        bl      setjmp
again:  add     sp, sp, #8
        cmp     r0, #0
        bne     in_run
        bl      f
in_run: bl      g
in_run2:
        pop     {r4, pc}
function f
        mov     r1, #1
        ldr     r0, =buffer
        b       longjmp
function g
        bx      lr
        .type   setjmp, %function       @ watched, unlike elsewhere
        throws
