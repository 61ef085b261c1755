@ Direct recursion: the same site at different depths of the stack.
@ expect: call fact site=after args=3 depth=0
@ expect: call fact site=in args=2 depth=1
@ expect: call fact site=in args=1 depth=2
@ expect: call fact site=in args=0 depth=3
@ expect: return fact result=1 depth=3
@ expect: return fact result=1 depth=2
@ expect: return fact result=2 depth=1
@ expect: return fact result=6 depth=0
@ status: 6
#include "idiom.h"
_start: mov     r0, #3
        bl      fact
after:  exit
function fact
        cmp     r0, #0
        moveq   r0, #1
        bxeq    lr
        push    {r4, lr}
        mov     r4, r0
        sub     r0, r0, #1
        bl      fact
in:     mul     r0, r4, r0
        pop     {r4, pc}
