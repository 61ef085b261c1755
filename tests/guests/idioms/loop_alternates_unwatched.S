@ The same where every other function called there is nobody's business.
@ expect: repeat 50
@ expect: call f site=after depth=0
@ expect: return f depth=0
@ expect: end
@ status: 150
#include "idiom.h"
_start: mov     r4, #100
        ldr     r5, =g
        ldr     r6, =f
        mov     r0, #0
loop:   blx     r5
after:  eor     r5, r5, r6              @ swap
        eor     r6, r6, r5
        eor     r5, r5, r6
        subs    r4, r4, #1
        bne     loop
        exit
function f
        add     r0, r0, #1
        bx      lr
g:      add     r0, r0, #2
        bx      lr
        .ltorg
