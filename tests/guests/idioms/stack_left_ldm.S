@ A function that works on a stack of its own, and a callee there that returns for both: by way of
@ the frame pointer to the old stack. What the callee leaves behind is alive until it is called
@ again in the same place.
@ expect: call f site=s1 depth=0
@ expect: call g site=in_f depth=1
@ expect: return f depth=0
@ expect: call h site=s2 depth=1
@ expect: return h depth=1
@ expect: call f site=s3 depth=1
@ expect: unwound g depth=1
@ expect: call g site=in_f depth=1
@ expect: return f depth=1
@ status: 3
#include "idiom.h"
_start: bl      f
s1:     bl      h
s2:     bl      f
s3:     mov     r0, #3
        exit
function f
        mov     ip, sp
        push    {fp, ip, lr, pc}
        sub     fp, ip, #4
        ldr     sp, =own
        bl      g
in_f:   b       in_f                    @ never
function g
        ldmdb   fp, {fp, sp, pc}
function h
        bx      lr
        .ltorg
        .bss
        .space  256
own:    .word   0
