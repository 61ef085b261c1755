@ The same before a tail call: g takes the place of f.
@ expect: call f site=in_run args=1 depth=0
@ expect: call h site=in_f depth=1
@ expect: return h depth=1
@ expect: tail_call g site=in_run depth=1
@ expect: return g result=3 depth=1
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
        bl      h
in_f:   add     r0, r0, #1
        ldmdb   fp, {fp, sp, lr}
        b       g
function g
        add     r0, r0, #1
        bx      lr
function h
        bx      lr
