@ Mutual recursion with frames.
@ expect: call even site=after args=3 depth=0
@ expect: call odd site=in_even args=2 depth=1
@ expect: call even site=in_odd args=1 depth=2
@ expect: call odd site=in_even args=0 depth=3
@ expect: return odd result=0 depth=3
@ expect: return even result=0 depth=2
@ expect: return odd result=0 depth=1
@ expect: return even result=0 depth=0
#include "idiom.h"
_start: mov     r0, #3
        bl      even
after:  exit
function even
        cmp     r0, #0
        moveq   r0, #1
        bxeq    lr
        push    {r4, lr}
        sub     r0, r0, #1
        bl      odd
in_even:
        pop     {r4, pc}
function odd
        cmp     r0, #0
        bxeq    lr
        push    {r4, lr}
        sub     r0, r0, #1
        bl      even
in_odd: pop     {r4, pc}
