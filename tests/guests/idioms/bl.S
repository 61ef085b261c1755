@ The plain call: bl puts the address of the next instruction into lr, bx lr goes back to it.
@ expect: call f site=after depth=0 args=5 caller=_start+4
@ expect: return f depth=0 result=6
@ status: 6
#include "idiom.h"
_start: mov     r0, #5
        bl      f
after:  exit
function f
        add     r0, r0, #1
        bx      lr
