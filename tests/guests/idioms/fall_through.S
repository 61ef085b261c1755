@ A function that ends by running into the next one, after a call of its own.
@ expect: call f site=a args=1 depth=0
@ expect: tail_call g site=a args=2 depth=1
@ expect: return g result=12 depth=1
@ expect: return f result=12 depth=0
@ expect: call g site=b args=12 depth=0
@ expect: return g result=22 depth=0
@ status: 22
#include "idiom.h"
_start: mov     r0, #1
        bl      f
a:      bl      g
b:      exit
function f
        add     r0, r0, #1
function g
        add     r0, r0, #10
        bx      lr
