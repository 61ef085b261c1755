@ ARMv4's call through memory, as old compilers call virtual functions.
@ expect: call f site=first args=1
@ expect: return f result=2
@ expect: call g site=second args=2
@ expect: return g result=12
@ status: 12
#include "idiom.h"
_start: mov     r0, #1
        ldr     r4, =table
        mov     lr, pc
        ldr     pc, [r4]
first:  mov     lr, pc
        ldr     pc, [r4, #4]
second: exit
function f
        add     r0, r0, #1
        bx      lr
function g
        add     r0, r0, #10
        bx      lr
table:  .word   f, g
        .ltorg
