@ A function's return site is itself the beginning of a watched function, entered there by nothing
@ else: the return comes first, then the call.
@ expect: call f site=g depth=0 args=1
@ expect: return f result=2 depth=0
@ expect: call g site=g depth=0 args=2
@ status: 3
#include "idiom.h"
_start: mov     r0, #1
        bl      f
function g
        add     r0, r0, #1
        exit
function f
        add     r0, r0, #1
        bx      lr
