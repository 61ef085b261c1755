@ Mutual recursion by tail calls, and another call from the same place afterwards.
@ expect: call even site=after args=2 depth=0
@ expect: tail_call odd args=1 depth=1
@ expect: tail_call even args=0 depth=2
@ expect: return even depth=2 result=1
@ expect: return odd depth=1
@ expect: return even depth=0
@ expect: call odd site=last args=1 depth=0
@ expect: tail_call even args=0 depth=1
@ expect: return even result=1
@ expect: return odd result=1
@ status: 1
#include "idiom.h"
_start: mov     r0, #2
        bl      even
after:  bl      odd
last:   exit
function even
        cmp     r0, #0
        moveq   r0, #1
        bxeq    lr
        sub     r0, r0, #1
        b       odd
function odd
        cmp     r0, #0
        bxeq    lr
        sub     r0, r0, #1
        b       even
