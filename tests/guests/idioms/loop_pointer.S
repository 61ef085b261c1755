@ A function pointer called in a hot loop: every edge of it is chained after a few rounds.
@ expect: repeat 200
@ expect: call f site=after depth=0
@ expect: return f depth=0
@ expect: end
@ status: 200
#include "idiom.h"
_start: mov     r4, #200
        ldr     r5, =f
        mov     r0, #0
loop:   blx     r5
after:  subs    r4, r4, #1
        bne     loop
        exit
function f
        add     r0, r0, #1
        bx      lr
        .ltorg
