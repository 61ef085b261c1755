@ Calls through a table of functions, from one place.
@ expect: call f site=after args=1
@ expect: return f result=2
@ expect: call g site=after args=2
@ expect: return g result=12
@ expect: call h site=after args=12
@ expect: return h result=24
@ status: 24
#include "idiom.h"
_start: mov     r0, #1
        ldr     r4, =table
        mov     r5, #0
loop:   ldr     ip, [r4, r5, lsl #2]
        blx     ip
after:  add     r5, r5, #1
        cmp     r5, #3
        bne     loop
        exit
function f
        add     r0, r0, #1
        bx      lr
function g
        add     r0, r0, #10
        bx      lr
function h
        add     r0, r0, r0
        bx      lr
table:  .word   f, g, h
        .ltorg
