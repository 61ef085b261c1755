@ The program's entry point is a function too, entered by the kernel with lr 0.
@ expect: call _start site=0 depth=0 caller=0
@ expect: call f site=after depth=1
@ expect: return f depth=1 result=8
@ status: 8
#include "idiom.h"
function _start
        bl      f
after:  exit
function f
        mov     r0, #8
        bx      lr
