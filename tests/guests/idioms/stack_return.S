@ Calls as on a machine without a link register: the caller pushes the return address, the callee
@ pops it. lr says nothing of it, so by definition this is entered with lr as return site, and given
@ up when the stack pointer passes its own.
@ expect: call f site=0 depth=0 args=1
@ expect: unwound f depth=0
@ expect: call f site=0 args=2
@ expect: unwound f
@ status: 3
#include "idiom.h"
_start: mov     r0, #1
        mov     lr, #0
        adr     r3, a
        push    {r3}
        b       f
a:      adr     r3, b
        push    {r3}
        ldr     r2, =f
        bx      r2
b:      exit
function f
        add     r0, r0, #1
        ldr     pc, [sp], #4
        .ltorg
