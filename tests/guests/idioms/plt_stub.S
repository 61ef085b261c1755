@ A call through a stub as the linker makes them, which nobody watches: it is part of the way.
@ expect: call f site=a args=1 depth=0
@ expect: return f result=2
@ expect: call f site=b args=2 depth=0
@ expect: return f result=3
@ status: 3
#include "idiom.h"
_start: mov     r0, #1
        bl      stub
a:      bl      stub
b:      exit
stub:   add     ip, pc, #0
        add     ip, ip, #0
        ldr     pc, [ip, #(got - stub - 8)]!
got:    .word   f
function f
        add     r0, r0, #1
        bx      lr
