@ A structure as result: the caller passes the place for it as the first argument and gets it back.
@ expect: call make site=after args=place,4 depth=0
@ expect: return make result=place
@ status: 9
#include "idiom.h"
_start: ldr     r0, =place
        mov     r1, #4
        bl      make
after:  ldm     r0, {r1, r2}
        add     r0, r1, r2
        exit
function make
        add     r2, r1, #1
        stm     r0, {r1, r2}
        bx      lr
        .ltorg
        .bss
place:  .space  8
