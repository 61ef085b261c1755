@ A handler is interrupted by another signal.
@ expect: call f site=after depth=0
@ expect: call first site=restore args=10 depth=1
@ expect: call second site=restore args=12 depth=2
@ expect: return second depth=2
@ expect: return first depth=1
@ expect: return f depth=0
@ status: 4
#include "idiom.h"
_start: catch   10, usr1
        catch   12, usr2
        bl      f
after:  mov     r0, #4
        exit
function f
        push    {r4, lr}
        send    10
        pop     {r4, pc}
function first
        push    {r4, lr}
        send    12
        pop     {r4, pc}
function second
        bx      lr
        restorer
        .ltorg
        .data
usr1:   action  first
usr2:   action  second
