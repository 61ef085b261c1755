@ The program ends inside nested calls: nothing returns, and nothing is given up.
@ expect: call f site=never depth=0
@ expect: call die site=in_f args=9 depth=1
@ status: 9
#include "idiom.h"
_start: bl      f
never:  mov     r0, #1
        exit
function f
        push    {r4, lr}
        mov     r0, #9
        bl      die
in_f:   pop     {r4, pc}
function die
        exit
