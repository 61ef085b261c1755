@ The call of the first Thumb code: `mov lr, pc; mov pc, rN`. The link register is without bit 0, so
@ the function returns by `mov pc, lr`, which stays in Thumb state.
@ expect: call f site=after args=7
@ expect: return f result=8
@ expect: call f site=later args=8 depth=0
@ expect: return f result=9
@ status: 9
#include "thumb.h"
        thumb_start
        movs    r0, #7
        ldr     r3, =f
        mov     lr, pc
        mov     pc, r3
after:  nop
        nop
        mov     lr, pc
        mov     pc, r3
later:  exit
function f
        adds    r0, #1
        mov     pc, lr
        .ltorg
