@ The handler runs on an alternate stack, below all others in memory.
@ expect: call f site=after depth=0
@ expect: call handler site=restore args=10 depth=1
@ expect: call g site=in_handler depth=2
@ expect: return g depth=2
@ expect: return handler depth=1
@ expect: return f depth=0
@ status: 2
#include "idiom.h"
_start: ldr     r0, =altstack
        mov     r1, #0
        mov     r7, #186                @ sigaltstack
        swi     0
        catch   10, usr1
        bl      f
after:  mov     r0, #2
        exit
function f
        push    {r4, lr}
        send    10
        pop     {r4, pc}
function handler
        push    {r4, lr}
        bl      g
in_handler:
        pop     {r4, pc}
function g
        bx      lr
        restorer
        .ltorg
        .data
usr1:   action  handler, 0x08000000
altstack:
        .word   area, 0, 8192
        .bss
area:   .space  8192
