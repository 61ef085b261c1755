@ The thunks of linkers: to ARM code from Thumb code by `bx pc`, to Thumb code from ARM code by a
@ load of ip, and a PLT entry of Thumb code. They are no functions, and calls go through them.
@ expect: call arm site=a args=1 depth=0
@ expect: call thumb site=c args=2 depth=1
@ expect: return thumb result=4
@ expect: return arm result=4
@ expect: call thumb site=b args=4 depth=0
@ expect: return thumb result=6
@ status: 6
#include "thumb.h"
        thumb_start
        movs    r0, #1
        bl      to_arm
a:      bl      plt
b:      exit
        .align  2
to_arm: bx      pc
        nop
        .arm
        b       arm
to_thumb:
        ldr     ip, [pc, #0]
        bx      ip
        .word   thumb
        .thumb
plt:    movw    ip, #:lower16:got
        movt    ip, #:upper16:got
        ldr.w   pc, [ip]
        nop
function thumb
        adds    r0, #2
        bx      lr
        .align  2
        .arm
function arm
        push    {r4, lr}
        add     r0, r0, #1
        bl      to_thumb
c:      pop     {r4, pc}
        .data
got:    .word   thumb
