@ Interworking code of ARMv4T pops the return address into a free register (ghidra #5658).
@ expect: call f site=a args=1 depth=0
@ expect: call g site=in_f depth=1
@ expect: return g result=2
@ expect: return f result=3
@ status: 3
#include "idiom.h"
_start: mov     r0, #1
        bl      f
a:      exit
function f
        push    {r4, lr}
        bl      g
in_f:   add     r0, r0, #1
        pop     {r4}
        pop     {r1}
        bx      r1
function g
        push    {r4, lr}
        add     r2, r0, #1
        pop     {r4, lr}
        mov     r0, r2
        bx      lr
