@ ARM and Thumb code call each other: `blx` to a label and through a register, from both.
@ expect: call thumb site=a args=1 caller=first
@ expect: call arm site=b args=1 depth=1
@ expect: return arm result=11
@ expect: call arm site=c args=11 depth=1 caller=second
@ expect: return arm result=21
@ expect: return thumb result=22
@ expect: call thumb site=d args=0
@ expect: call arm site=b args=0 depth=1
@ expect: return arm result=10
@ expect: call arm site=c args=10 depth=1
@ expect: return arm result=20
@ expect: return thumb result=21 depth=0
@ status: 21
#include "thumb.h"
        .arm
_start: mov     r0, #1
first:  blx     thumb
a:      ldr     r3, =thumb
        mov     r0, #0
        blx     r3
d:      exit
function arm
        add     r0, r0, #10
        bx      lr
        .ltorg
        .thumb
        nop
function thumb
        push    {r4, lr}
        blx     arm
b:      ldr     r3, =arm
        nop
second: blx     r3
c:      adds    r0, #1
        pop     {r4, pc}
        .ltorg
