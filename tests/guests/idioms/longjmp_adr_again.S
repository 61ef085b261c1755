@ A call that no call instruction makes, made again from the same place after a longjmp: that the
@ stack pointer was above in between is all that tells it from a tail call.
@ expect: call f site=site args=0 depth=0
@ expect: unwound f depth=0
@ expect: call f site=site args=1 depth=0
@ expect: return f result=1 depth=0
@ status: 1
#include "idiom.h"
_start: mov     r5, sp
        mov     r0, #0
again:  sub     sp, sp, #8
        adr     lr, site
        b       f
site:   add     sp, sp, #8
        exit
function f
        cmp     r0, #0
        bxne    lr
        mov     r0, #1
        mov     sp, r5
        b       again
