@ ARMv4T's call through a register: pc reads as two instructions on, which is the return site.
@ expect: call f site=after depth=0 args=7 caller=jump
@ expect: return f result=14
@ status: 14
#include "idiom.h"
_start: mov     r0, #7
        ldr     r3, =f
        mov     lr, pc
jump:   bx      r3
after:  exit
function f
        add     r0, r0, r0
        bx      lr
        .ltorg
