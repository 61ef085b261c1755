@ One indirect call site calls two functions in turn, in a hot loop.
@ expect: repeat 50
@ expect: call f site=after depth=0
@ expect: return f depth=0
@ expect: call g site=after depth=0
@ expect: return g depth=0
@ expect: end
@ status: 150
#include "idiom.h"
_start: mov     r4, #100
        ldr     r5, =f
        ldr     r6, =g
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
function g
        add     r0, r0, #2
        bx      lr
        .ltorg
