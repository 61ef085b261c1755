@ Code that changes its own call: the second time round another function is called from the site.
@ expect: call f site=after args=1
@ expect: return f result=2
@ expect: call g site=after args=2
@ expect: return g result=12
@ status: 12
#include "idiom.h"
_start: ldr     r0, =_start
        bic     r0, r0, #0xff0
        bic     r0, r0, #0x00f
        mov     r1, #4096
        mov     r2, #7
        mov     r7, #125                @ mprotect
        swi     0
        mov     r0, #1
        mov     r4, #2
loop:   bl      f
after:  mov     r5, r0
        ldr     r1, =loop
        ldr     r2, new
        str     r2, [r1]
        mov     r0, r1
        add     r1, r1, #4
        mov     r2, #0
        mov     r7, #0xf0000
        add     r7, r7, #2              @ cacheflush
        swi     0
        mov     r0, r5
        subs    r4, r4, #1
        bne     loop
        exit
function f
        add     r0, r0, #1
        bx      lr
function g
        add     r0, r0, #10
        bx      lr
new:    .word   0xeb000000 + (((g - loop - 8) >> 2) & 0xffffff)
        .ltorg
