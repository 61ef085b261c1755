@ Double recursion from two sites: fib(3).
@ expect: call fib site=after args=3 depth=0
@ expect: call fib site=left args=2 depth=1
@ expect: call fib site=left args=1 depth=2
@ expect: return fib result=1 depth=2
@ expect: call fib site=right args=0 depth=2
@ expect: return fib result=0 depth=2
@ expect: return fib result=1 depth=1
@ expect: call fib site=right args=1 depth=1
@ expect: return fib result=1 depth=1
@ expect: return fib result=2 depth=0
@ status: 2
#include "idiom.h"
_start: mov     r0, #3
        bl      fib
after:  exit
function fib
        cmp     r0, #2
        bxlt    lr
        push    {r4, r5, r6, lr}
        mov     r4, r0
        sub     r0, r4, #1
        bl      fib
left:   mov     r5, r0
        sub     r0, r4, #2
        bl      fib
right:  add     r0, r0, r5
        pop     {r4, r5, r6, pc}
