@ The same, and what follows the bl is itself a watched function: entered by a call whose return
@ site is its own first instruction. It never returns there; the outer one returns first.
@ expect: call f site=after depth=0
@ expect: call here site=here depth=1
@ expect: unwound here depth=1
@ expect: return f depth=0 result=0
#include "idiom.h"
_start: bl      f
after:  exit
function f
        mov     r3, lr
        bl      here
function here
        mov     r0, #0
        bx      r3
