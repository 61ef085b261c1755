@ Two signals become deliverable at once: the kernel stacks both frames before any handler runs, so
@ the second handler runs first, and sigreturn leads to the first one's beginning.
@ expect: call second site=restore args=12 depth=0
@ expect: return second depth=0
@ expect: call first site=restore args=10 depth=0
@ expect: return first depth=0
@ status: 3
#include "idiom.h"
_start: catch   10, usr1
        catch   12, usr2
        mov     r0, #0                  @ SIG_BLOCK
        bl      mask
        send    10
        send    12
        mov     r0, #1                  @ SIG_UNBLOCK
        bl      mask
        mov     r0, #3
        exit
mask:   ldr     r1, =both
        mov     r2, #0
        mov     r3, #8
        mov     r7, #175
        swi     0
        bx      lr
function first
        bx      lr
function second
        bx      lr
        restorer
        .ltorg
        .data
usr1:   action  first
usr2:   action  second
both:   .word   (1 << 9) + (1 << 11), 0
