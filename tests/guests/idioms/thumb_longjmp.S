@ longjmp over frames of Thumb code, back to Thumb code.
@ expect: call run site=done depth=0
@ expect: call setjmp site=again depth=1
@ expect: return setjmp result=0 depth=1
@ expect: call a site=in_run depth=1
@ expect: call b site=in_a depth=2
@ expect: call longjmp site=in_b depth=3
@ expect: unwound longjmp depth=3
@ expect: unwound b depth=2
@ expect: unwound a depth=1
@ expect: return run result=7 depth=0
@ status: 7
#include "thumb.h"
        thumb_start
        bl      run
done:   exit
function run
        push    {r4, lr}
        ldr     r0, =buffer
        bl      setjmp
again:  cmp     r0, #0
        it      ne
        popne   {r4, pc}
        bl      a
in_run: mov     r0, #99                 @ never
        pop     {r4, pc}
function a
        push    {r4, lr}
        bl      b
in_a:   pop     {r4, pc}
function b
        push.w  {r4-r8, lr}
        ldr     r0, =buffer
        movs    r1, #7
        bl      longjmp
in_b:   pop.w   {r4-r8, pc}
function setjmp
        mov     r1, sp
        stmia.w r0, {r1, r4-r11, lr}
        movs    r0, #0
        bx      lr
function longjmp
        ldmia.w r0, {r2, r4-r11, lr}
        mov     sp, r2
        mov     r0, r1
        bx      lr
        .ltorg
        .bss
buffer: .space  40
