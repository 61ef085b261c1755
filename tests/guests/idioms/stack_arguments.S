@ More than four arguments: the rest is on the stack at entry, and the caller takes it away.
@ expect: call sum site=a args=1,2,3,4 depth=0
@ expect: return sum result=21
@ expect: call variadic site=b args=3,10,20,30
@ expect: return variadic result=60
@ status: 81
#include "idiom.h"
_start: mov     r0, #5
        mov     r1, #6
        push    {r0, r1}
        mov     r0, #1
        mov     r1, #2
        mov     r2, #3
        mov     r3, #4
        bl      sum
a:      add     sp, sp, #8
        mov     r4, r0
        mov     r0, #3
        mov     r1, #10
        mov     r2, #20
        mov     r3, #30
        bl      variadic
b:      add     r0, r0, r4
        exit
function sum
        push    {r4, r5, lr}
        ldr     r4, [sp, #12]
        ldr     r5, [sp, #16]
        add     r0, r0, r1
        add     r0, r0, r2
        add     r0, r0, r3
        add     r0, r0, r4
        add     r0, r0, r5
        pop     {r4, r5, pc}
function variadic                       @ the count, then the numbers
        push    {r0, r1, r2, r3}
        push    {r4, lr}
        add     r1, sp, #12
        mov     r4, r0
        mov     r0, #0
more:   ldr     r2, [r1], #4
        add     r0, r0, r2
        subs    r4, r4, #1
        bne     more
        pop     {r4, lr}
        add     sp, sp, #16
        bx      lr
