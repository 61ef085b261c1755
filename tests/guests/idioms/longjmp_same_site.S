@ After a longjmp the same function is called again from the same site with the same stack pointer
@ (DynamoRIO #685): the old activation is gone, or the two could not be told apart. Twice.
@ expect: call f site=in_run args=0
@ expect: call g site=in_f depth=1
@ expect: unwound g depth=1
@ expect: unwound f depth=0
@ expect: call f site=in_run args=1 depth=0
@ expect: call g site=in_f depth=1
@ expect: unwound g depth=1
@ expect: unwound f depth=0
@ expect: call f site=in_run args=2 depth=0
@ expect: return f result=2 depth=0
@ status: 2
#include "idiom.h"
_start: ldr     r0, =buffer
        bl      setjmp
        bl      f                       @ with what setjmp gave: 0, 1, 2
in_run: exit
function f
        push    {r4, lr}
        cmp     r0, #2
        popeq   {r4, pc}
        bl      g
in_f:   pop     {r4, pc}
function g
        add     r1, r0, #1
        ldr     r0, =buffer
        b       longjmp
        throws
