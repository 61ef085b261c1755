@ The same with the stub watched too: the function takes its place.
@ expect: call stub site=a args=1 depth=0
@ expect: tail_call f site=a args=1 depth=1
@ expect: return f result=2 depth=1
@ expect: return stub result=2 depth=0
@ status: 2
#include "idiom.h"
_start: mov     r0, #1
        bl      stub
a:      exit
function stub
        add     ip, pc, #0
        add     ip, ip, #0
        ldr     pc, [ip, #(got - stub - 8)]!
got:    .word   f
function f
        add     r0, r0, #1
        bx      lr
