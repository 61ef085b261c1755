@ A hot loop runs through the beginning of a function: each time round control arrives there, with
@ link register and stack pointer of the call that led into the loop.
@ expect: call outer site=done depth=0
@ expect: repeat 100
@ expect: tail_call f site=done
@ expect: end
@ expect: repeat 100
@ expect: return f result=100
@ expect: end
@ expect: return outer result=100 depth=0
@ status: 100
#include "idiom.h"
_start: bl      outer
done:   exit
function outer
        mov     r1, #100
        mov     r0, #0
loop:   add     r0, r0, #1
        nop
function f
        subs    r1, r1, #1
        bne     loop
        bx      lr
