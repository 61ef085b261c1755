@ A long branch: the linker's way to reach what b cannot. Called, and tail called.
@ expect: call f site=a args=1 depth=0
@ expect: return f result=2
@ expect: call g site=b args=2 depth=0
@ expect: tail_call f site=b args=12 depth=1
@ expect: return f result=13
@ expect: return g result=13
@ status: 13
#include "idiom.h"
_start: mov     r0, #1
        bl      far
a:      bl      g
b:      exit
far:    ldr     pc, [pc, #-4]
        .word   f
function f
        add     r0, r0, #1
        bx      lr
function g
        add     r0, r0, #10
        b       far
