@ A jump table inside a function: computed jumps that call nothing.
@ expect: call f site=after args=0 depth=0
@ expect: return f result=10
@ expect: call f site=after args=1
@ expect: return f result=20
@ expect: call f site=after args=2
@ expect: return f result=30
@ status: 60
#include "idiom.h"
_start: mov     r4, #0
        mov     r5, #0
loop:   mov     r0, r4
        bl      f
after:  add     r5, r5, r0
        add     r4, r4, #1
        cmp     r4, #3
        bne     loop
        mov     r0, r5
        exit
function f
        ldr     pc, [pc, r0, lsl #2]
        nop
        .word   case0, case1, case2
case0:  mov     r0, #10
        bx      lr
case1:  mov     r0, #20
        bx      lr
case2:  mov     r0, #30
        bx      lr
