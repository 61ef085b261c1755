@ A function that runs what it calls on a stack of its own, below the other one in memory.
@ expect: call f site=after args=1 depth=0
@ expect: call g site=in_f args=1 depth=1
@ expect: call h site=in_g depth=2
@ expect: return h result=2
@ expect: return g result=3 depth=1
@ expect: return f result=3 depth=0
@ status: 3
#include "idiom.h"
_start: mov     r0, #1
        bl      f
after:  exit
function f
        push    {r4, lr}
        mov     r4, sp
        ldr     sp, =top
        bl      g
in_f:   mov     sp, r4
        pop     {r4, pc}
function g
        push    {r4, lr}
        bl      h
in_g:   add     r0, r0, #1
        pop     {r4, pc}
function h
        add     r0, r0, #1
        bx      lr
        .ltorg
        .bss
        .space  256
top:    .word   0
