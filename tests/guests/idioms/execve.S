@ The program puts another in its place (itself, with an argument): what was alive is gone with it,
@ and so are the functions that were watched, whatever stands at their addresses now.
@ expect: call again site=never depth=0
@ status: 5
#include "idiom.h"
_start: ldr     r0, [sp]
        cmp     r0, #2
        bleq    done
        bl      again
never:  mov     r0, #1
        exit
function again
        push    {r4, lr}
        ldr     r0, =self
        ldr     r1, =argv
        mov     r2, #0
        mov     r7, #11
        swi     0
        pop     {r4, pc}
function done
        mov     r0, #5
        exit
        .ltorg
        .data
argv:   .word   self, self, 0
self:   .asciz  "/proc/self/exe"
