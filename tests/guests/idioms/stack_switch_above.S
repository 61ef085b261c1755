@ The same with the other stack above in memory: what is below is suspended, not given up.
@ expect: call f site=after args=1 depth=0
@ expect: call g site=in_f args=1 depth=1
@ expect: return g result=2 depth=1
@ expect: return f result=2 depth=0
@ status: 2
#include "idiom.h"
_start: ldr     sp, =low
        mov     r0, #1
        bl      f
after:  exit
function f
        push    {r4, lr}
        mov     r4, sp
        ldr     sp, =high
        bl      g
in_f:   mov     sp, r4
        pop     {r4, pc}
function g
        push    {r4, lr}
        add     r0, r0, #1
        pop     {r4, pc}
        .ltorg
        .bss
        .space  256
low:    .space  256
high:   .word   0
