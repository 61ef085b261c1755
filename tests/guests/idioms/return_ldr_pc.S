@ ldr pc, [sp], #4 is pop {pc}; with an offset it also drops a frame.
@ expect: call f site=a args=1 depth=0
@ expect: call g site=in_f args=1 depth=1
@ expect: return g result=2 depth=1
@ expect: return f result=3 depth=0
@ status: 3
#include "idiom.h"
_start: mov     r0, #1
        bl      f
a:      exit
function f
        str     lr, [sp, #-4]!
        bl      g
in_f:   add     r0, r0, #1
        ldr     pc, [sp], #4
function g
        sub     sp, sp, #12
        str     lr, [sp]
        add     r0, r0, #1
        ldr     pc, [sp], #12
