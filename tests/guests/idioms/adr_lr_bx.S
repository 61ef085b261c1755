@ The return site is named, and is not the next instruction (icicle #6: an invalid shadow stack).
@ expect: call f site=elsewhere depth=0 args=3
@ expect: return f result=6
@ status: 7
#include "idiom.h"
_start: mov     r0, #3
        ldr     r2, =f
        adr     lr, elsewhere
        bx      r2
        mov     r0, #99                 @ never
        exit
elsewhere:
        add     r0, r0, #1
        exit
function f
        add     r0, r0, r0
        bx      lr
        .ltorg
