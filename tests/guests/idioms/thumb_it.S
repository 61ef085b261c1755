@ Calls and returns in IT blocks, taken and not taken, and what comes before them in the block.
@ expect: call f site=a args=0 depth=0
@ expect: return f result=1
@ expect: call f site=b args=5 depth=0
@ expect: return f result=6
@ expect: call g site=c args=0
@ expect: return g result=20
@ expect: call g site=d args=3
@ expect: call f site=in_g args=4 depth=1
@ expect: return f result=5
@ expect: return g result=7
@ expect: call f site=e args=7 depth=0
@ expect: return f result=8
@ expect: call g site=after args=8
@ expect: call f site=in_g args=9 depth=1
@ expect: return f result=10
@ expect: return g result=12
@ status: 12
#include "thumb.h"
        thumb_start
        movs    r0, #0
        cmp     r0, #0
        it      eq
        bleq    f
a:      cmp     r0, #0
        it      eq
        bleq    f                       @ not taken
never:  cmp     r0, #1
        itt     eq
        moveq   r0, #5
        bleq    f
b:      movs    r0, #0
        bl      g
c:      movs    r0, #3
        bl      g
d:      cmp     r0, #0
        ldr     r3, =f
        itt     ne
        movne   r4, #0
        blxne   r3
e:      cmp     r0, #0
        ittt    eq
        moveq   r0, #99
        moveq   r1, #99
        bleq    g                       @ not taken
between:
        bl      g
after:  exit
function f
        cmp     r0, #100
        itt     ne
        addne   r0, #1
        bxne    lr
        bx      lr
function g
        push    {r4, lr}
        cmp     r0, #0
        itt     eq
        moveq   r0, #20
        popeq   {r4, pc}
        adds    r0, #1
        bl      f
in_g:   adds    r0, #2
        cmp     r0, #0
        it      ne
        popne   {r4, pc}
        pop     {r4, pc}
        .ltorg
