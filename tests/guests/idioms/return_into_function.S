@ A function changes its link register and "returns" into another one, which returns to the caller
@ of the first.
@ expect: call f site=after depth=0 args=1
@ expect: call g site=g depth=1 args=2
@ expect: unwound g
@ expect: return f result=12 depth=0
@ status: 12
#include "idiom.h"
_start: mov     r0, #1
        bl      f
after:  exit
function f
        mov     r3, lr
        ldr     lr, =g
        add     r0, r0, #1
        bx      lr
        .ltorg
function g
        add     r0, r0, #10
        bx      r3
