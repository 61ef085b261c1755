@ An unwinder restores the registers of the frame that called f and jumps to its landing pad.
@ expect: repeat 2
@ expect: call f site=in_run args=0 depth=0
@ expect: call g site=in_f depth=1
@ expect: unwound g depth=1
@ expect: unwound f depth=0
@ expect: call h site=after depth=0
@ expect: return h depth=0
@ expect: end
@ status: 2
#include "idiom.h"
_start: mov     r5, #0
again:  mov     r0, #0
        bl      f
in_run: b       after
pad:    bl      h
after:  add     r5, r5, #1
        cmp     r5, #2
        bne     again
        mov     r0, r5
        exit
function f
        push    {r4, lr}
        mov     r4, sp
        bl      g
in_f:   pop     {r4, pc}
function g
        push    {r4, lr}
        add     r2, r4, #8              @ the canonical frame address of f
        ldr     r3, =pad
        mov     sp, r2
        mov     pc, r3
function h
        bx      lr
        .ltorg
