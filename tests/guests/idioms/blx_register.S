@ Calls through registers, the last through lr itself.
@ expect: call f site=a args=1
@ expect: return f result=2
@ expect: call f site=b args=2
@ expect: return f result=3
@ status: 3
#include "idiom.h"
_start: mov     r0, #1
        ldr     r12, =f
        blx     r12
a:      mov     lr, r12
        blx     lr
b:      exit
function f
        add     r0, r0, #1
        bx      lr
        .ltorg
