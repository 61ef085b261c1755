@ ARMv4's call through a register, and the same with an instruction between link and jump.
@ expect: call f site=after args=7
@ expect: return f result=8
@ expect: call f site=later args=8
@ expect: return f result=9
@ status: 9
#include "idiom.h"
_start: mov     r0, #7
        ldr     r3, =f
        mov     lr, pc
        mov     pc, r3
after:  add     lr, pc, #4              @ the instruction after the jump
        mov     r4, r0
        mov     pc, r3
later:  exit
function f
        add     r0, r0, #1
        mov     pc, lr
        .ltorg
