@ One instruction restores all registers: getcontext before the call, setcontext inside of it.
@ expect: repeat 2
@ expect: call f site=in_run depth=0
@ expect: call g site=in_f depth=1
@ expect: unwound g depth=1
@ expect: unwound f depth=0
@ expect: call h site=after depth=0
@ expect: return h depth=0
@ expect: end
@ status: 2
#include "idiom.h"
_start: mov     r4, #0
again:  ldr     r0, =context
        add     lr, pc, #4              @ to back
        stmia   r0, {r4-r11, sp, lr}
        b       first
back:   bl      h
after:  add     r4, r4, #1
        cmp     r4, #2
        bne     again
        mov     r0, r4
        exit
first:  bl      f
in_run: b       back
function f
        push    {r4, lr}
        bl      g
in_f:   pop     {r4, pc}
function g
        ldr     r0, =context
        ldmia   r0, {r4-r11, sp, pc}
function h
        bx      lr
        .ltorg
        .bss
context: .space 40
