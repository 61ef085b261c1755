@ A function that calls itself, by turns as Thumb code and by way of ARM code.
@ expect: call f site=after args=3 depth=0
@ expect: call arm site=in_f args=2 depth=1
@ expect: call f site=in_arm args=2 depth=2
@ expect: call arm site=in_f args=1 depth=3
@ expect: call f site=in_arm args=1 depth=4
@ expect: call arm site=in_f args=0 depth=5
@ expect: call f site=in_arm args=0 depth=6
@ expect: return f result=0 depth=6
@ expect: return arm result=0 depth=5
@ expect: return f result=1 depth=4
@ expect: return arm result=1 depth=3
@ expect: return f result=3 depth=2
@ expect: return arm result=3 depth=1
@ expect: return f result=6 depth=0
@ status: 6
#include "thumb.h"
        thumb_start
        movs    r0, #3
        bl      f
after:  exit
function f
        cbz     r0, zero
        push    {r4, lr}
        mov     r4, r0
        subs    r0, #1
        blx     arm
in_f:   add     r0, r4
        pop     {r4, pc}
zero:   bx      lr
        .align  2
        .arm
function arm
        push    {r4, lr}
        blx     f
in_arm: pop     {r4, pc}
