@ A function whose first instruction is overwritten between calls, once by itself.
@ expect: call f site=after args=1
@ expect: return f result=2
@ expect: call f site=after args=2
@ expect: return f result=12
@ expect: call f site=after args=12
@ expect: return f result=22
@ status: 22
#include "idiom.h"
_start: ldr     r0, =_start
        bic     r0, r0, #0xff0
        bic     r0, r0, #0x00f
        mov     r1, #4096
        mov     r2, #7
        mov     r7, #125                @ mprotect
        swi     0
        mov     r0, #1
        mov     r4, #3
loop:   bl      f
after:  subs    r4, r4, #1
        bne     loop
        exit
function f
        add     r0, r0, #1
        mov     r5, r0
        ldr     r1, =f
        ldr     r2, new
        str     r2, [r1]
        mov     r0, r1
        add     r1, r1, #4
        mov     r2, #0
        mov     r7, #0xf0000
        add     r7, r7, #2              @ cacheflush
        swi     0
        mov     r0, r5
        bx      lr
new:    add     r0, r0, #10
        .ltorg
