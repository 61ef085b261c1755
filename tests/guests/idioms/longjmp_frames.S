@ longjmp over three frames; setjmp and longjmp are watched like all others. The frame that setjmp
@ was called from keeps its stack pointer, so what it called is known to be over only when it
@ returns itself.
@ expect: call run site=done depth=0
@ expect: call setjmp site=again depth=1
@ expect: return setjmp result=0 depth=1
@ expect: call a site=in_run depth=1
@ expect: call b site=in_a depth=2
@ expect: call c site=in_b depth=3
@ expect: call longjmp site=in_c depth=4
@ expect: unwound longjmp depth=4
@ expect: unwound c depth=3
@ expect: unwound b depth=2
@ expect: unwound a depth=1
@ expect: return run result=7 depth=0
@ status: 7
#include "idiom.h"
_start: bl      run
done:   exit
function run
        push    {r4, lr}
        ldr     r0, =buffer
        bl      setjmp
again:  cmp     r0, #0
        popne   {r4, pc}
        bl      a
in_run: mov     r0, #99                 @ never
        pop     {r4, pc}
function a
        push    {r4, lr}
        bl      b
in_a:   pop     {r4, pc}
function b
        push    {r4, r5, r6, lr}
        bl      c
in_b:   pop     {r4, r5, r6, pc}
function c
        push    {r4, lr}
        ldr     r0, =buffer
        mov     r1, #7
        bl      longjmp
in_c:   pop     {r4, pc}
function setjmp
        mov     r1, sp
        stmia   r0, {r1, r4-r11, lr}
        mov     r0, #0
        bx      lr
function longjmp
        ldmia   r0, {r2, r4-r11, lr}
        mov     sp, r2
        mov     r0, r1
        bx      lr
        .ltorg
        .bss
buffer: .space  40
