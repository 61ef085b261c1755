@ longjmp out of a function that was tail called: both are given up.
@ expect: call outer site=done depth=0
@ expect: call f site=in_h depth=1
@ expect: tail_call g site=in_h depth=2
@ expect: unwound g depth=2
@ expect: unwound f depth=1
@ expect: return outer result=5 depth=0
@ status: 5
#include "idiom.h"
_start: bl      outer
done:   exit
function outer
        push    {r4, lr}
        ldr     r0, =buffer
        bl      setjmp
        cmp     r0, #0
        popne   {r4, pc}
        bl      h
h:      push    {r4, lr}
        bl      f
in_h:   pop     {r4, pc}
function f
        b       g
        .word   0
function g
        ldr     r0, =buffer
        mov     r1, #5
        b       longjmp
setjmp: mov     r1, sp
        stmia   r0, {r1, r4-r11, lr}
        mov     r0, #0
        bx      lr
longjmp:
        ldmia   r0, {r2, r4-r11, lr}
        mov     sp, r2
        mov     r0, r1
        bx      lr
        .ltorg
        .bss
buffer: .space  40
