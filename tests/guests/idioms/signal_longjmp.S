@ The handler leaves by longjmp: its activation and the interrupted one are given up.
@ expect: call run site=after depth=0
@ expect: call f site=in_run depth=1
@ expect: call handler site=restore args=10 depth=2
@ expect: unwound handler depth=2
@ expect: unwound f depth=1
@ expect: return run result=6 depth=0
@ status: 6
#include "idiom.h"
_start: catch   10, usr1
        bl      run
after:  exit
function run
        push    {r4, lr}
        ldr     r0, =buffer
        bl      setjmp
        cmp     r0, #0
        popne   {r4, pc}
        bl      f
in_run: exit                            @ never
function f
        push    {r4, lr}
        send    10
        pop     {r4, pc}
function handler
        ldr     r0, =buffer
        mov     r1, #6
        b       longjmp
setjmp: mov     r1, sp
        stmia   r0, {r1, r4-r11, lr}
        mov     r0, #0
        bx      lr
longjmp:
        ldmia   r0, {r2, r4-r11, lr}
        mov     sp, r2
        mov     r0, r1
        bx      lr
        restorer
        .ltorg
        .data
usr1:   action  handler
        .bss
buffer: .space  40
