@ A function that finds its argument behind the call and returns past it: control never arrives at
@ the return site, so its activation is given up when its caller's frame is.
@ expect: call outer site=after depth=0
@ expect: call f site=word depth=1
@ expect: unwound f depth=1
@ expect: return outer depth=0 result=5
@ status: 5
#include "idiom.h"
_start: bl      outer
after:  exit
function outer
        push    {r4, lr}
        bl      f
word:   .word   5
        pop     {r4, pc}
function f
        ldr     r0, [lr]
        add     pc, lr, #4
