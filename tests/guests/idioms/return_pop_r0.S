@ The same through r0: the result is the return address.
@ expect: call f site=after depth=0
@ expect: return f result=after
#include "idiom.h"
_start: bl      f
after:  mov     r0, #0
        exit
function f
        push    {lr}
        pop     {r0}
        bx      r0
