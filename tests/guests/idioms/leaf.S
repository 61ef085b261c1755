@ Leaves of a single instruction, called side by side: each returns to where the next is called.
@ expect: call f site=a
@ expect: return f
@ expect: call f site=b
@ expect: return f
@ expect: call g site=c
@ expect: return g
@ expect: call f site=d
@ expect: return f
#include "idiom.h"
_start: bl      f
a:      bl      f
b:      bl      g
c:      bl      f
d:      mov     r0, #0
        exit
function f
        bx      lr
function g
        mov     pc, lr
