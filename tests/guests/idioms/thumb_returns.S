@ The ways in which Thumb code returns.
@ expect: call by_pop site=a args=0
@ expect: return by_pop result=1
@ expect: call by_pop_wide site=b args=1
@ expect: return by_pop_wide result=2
@ expect: call by_pop_bx site=c args=2
@ expect: return by_pop_bx result=3
@ expect: call by_ldr site=d args=3
@ expect: return by_ldr result=4
@ expect: call by_ldm site=e args=4
@ expect: return by_ldm result=5
@ expect: call by_other_register site=g args=5
@ expect: return by_other_register result=6
@ expect: call by_pop_wide_bx site=h args=6
@ expect: return by_pop_wide_bx result=7
@ expect: call by_pop site=i args=7
@ expect: return by_pop result=8
@ status: 8
#include "thumb.h"
        thumb_start
        movs    r0, #0
        bl      by_pop
a:      bl      by_pop_wide
b:      bl      by_pop_bx
c:      movs    r3, #0                  @ it has the return address
        bl      by_ldr
d:      bl      by_ldm
e:      bl      by_other_register
g:      bl      by_pop_wide_bx
h:      blx     arm
end:    exit
function by_pop
        push    {r4, lr}
        adds    r0, #1
        pop     {r4, pc}
function by_pop_wide
        push.w  {r4, r8, lr}
        adds    r0, #1
        pop.w   {r4, r8, pc}
function by_pop_bx
        push    {r4, lr}
        adds    r0, #1
        pop     {r4}
        pop     {r3}
        bx      r3
function by_ldr
        str.w   lr, [sp, #-4]!
        adds    r0, #1
        ldr.w   pc, [sp], #4
function by_ldm
        stmdb.w sp!, {r4-r8, lr}
        adds    r0, #1
        ldm.w   sp!, {r4-r8, pc}
function by_other_register
        mov     ip, lr
        adds    r0, #1
        bx      ip
function by_pop_wide_bx
        push    {r4, lr}
        adds    r0, #1
        pop.w   {r4, lr}
        bx      lr
        .align  2
        .arm
arm:    push    {r4, lr}                @ ARM code that is not watched
        blx     by_pop
i:      pop     {r4, pc}
