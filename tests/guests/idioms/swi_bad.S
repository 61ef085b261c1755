@ An immediate that names no system call: a signal, and no system call event.
@ expect: call f site=never depth=0
@ expect: call handler site=restore args=4 depth=1
@ status: 7
#include "idiom.h"
_start: catch   4, ill
        bl      f
never:  b       never
function f
        mov     r7, #1
        mov     r0, #1
        swi     0x654321
        bx      lr
function handler
        mov     r0, #7
        exit
        restorer
        .ltorg
        .data
ill:    action  handler
