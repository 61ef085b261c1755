@ `if (!setjmp(buffer)) f(); g();`, and f throws: control comes to where f is to return to, by
@ falling into it, with the stack pointer that f was entered with. By definition f has returned.
@ expect: call run site=done depth=0
@ expect: call f site=in_run args=0 depth=1
@ expect: return f result=1 depth=1
@ expect: call g site=in_run2 args=1 depth=1
@ expect: return g result=1 depth=1
@ expect: return run result=1 depth=0
@ status: 1
#include "idiom.h"
_start: bl      run
done:   exit
function run
        push    {r4, lr}
        ldr     r0, =buffer
        bl      setjmp
        cmp     r0, #0
        bleq    f
in_run: bl      g
in_run2:
        pop     {r4, pc}
function f
        mov     r1, #1
        ldr     r0, =buffer
        b       longjmp
function g
        bx      lr
        throws
