@ One load brings both the return site and the target: the way out of hand-made context switches.
@ expect: call f site=back depth=0 args=20
@ expect: return f result=21
@ status: 21
#include "idiom.h"
_start: mov     r0, #20
        ldr     r1, =pair
        ldm     r1, {lr, pc}
        mov     r0, #99                 @ never
back:   exit
function f
        add     r0, r0, #1
        bx      lr
pair:   .word   back, f
        .ltorg
