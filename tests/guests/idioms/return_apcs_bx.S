@ The epilogue of the old procedure call standard between worlds: the stack pointer is loaded with
@ what it was on entry, the function is alive, and returns.
@ expect: call f site=in_run args=1 depth=0
@ expect: call g site=in_f depth=1
@ expect: return g depth=1
@ expect: return f result=3 depth=0
@ status: 3
#include "idiom.h"
_start: mov     r0, #1
        bl      f
in_run: exit
function f
        mov     ip, sp
        push    {fp, ip, lr, pc}
        sub     fp, ip, #4
        bl      g
in_f:   add     r0, r0, #1
        ldmdb   fp, {fp, sp, lr}
        bx      lr
function g
        add     r0, r0, #1
        bx      lr
