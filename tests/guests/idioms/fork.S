@ fork returns in both processes, each of which calls a function; these are the parent's events.
@ expect: call make site=a depth=0
@ expect: return make depth=0 result=1
@ expect: call parent site=b depth=0 args=1
@ expect: return parent result=7 depth=0
@ status: 7
#include "idiom.h"
_start: bl      make
a:      cmp     r0, #0
        bleq    child
        bl      parent
b:      exit
function make
        mov     r7, #2
        swi     0
        cmp     r0, #0
        movne   r0, #1                  @ process ids differ from run to run
        bx      lr
function child
        mov     r0, #7
        exit
function parent                         @ the child's exit status
        push    {r4, lr}
        mov     r0, #-1
        sub     sp, sp, #8
        mov     r1, sp
        mov     r2, #0
        mov     r3, #0
        mov     r7, #114                @ wait4
        swi     0
        ldr     r0, [sp], #8
        mov     r0, r0, lsr #8
        pop     {r4, pc}
