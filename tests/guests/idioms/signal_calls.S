@ The handler calls the very function it interrupted, and is later called like any function.
@ expect: call f site=after args=10 depth=0
@ expect: call handler site=restore args=10 depth=1
@ expect: call f site=in_handler args=0 depth=2
@ expect: return f depth=2
@ expect: return handler depth=1
@ expect: return f depth=0
@ expect: call handler site=last args=0 depth=0
@ expect: call f site=in_handler args=0 depth=1
@ expect: return f depth=1
@ expect: return handler result=0 depth=0
#include "idiom.h"
_start: catch   10, usr1
        mov     r0, #10
        bl      f
after:  mov     r0, #0
        bl      handler
last:   exit
function f
        cmp     r0, #0
        bxeq    lr
        push    {r4, lr}
        send    10
        pop     {r4, pc}
function handler
        push    {r4, lr}
        mov     r0, #0
        bl      f
in_handler:
        pop     {r4, pc}
        restorer
        .ltorg
        .data
usr1:   action  handler
