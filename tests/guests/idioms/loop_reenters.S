@ The same without a call before: a function that begins in the middle of a loop's block.
@ expect: call f site=0 depth=0 args=1
@ expect: tail_call f site=0 depth=1 args=2
@ expect: tail_call f site=0 depth=2 args=3
@ status: 3
#include "idiom.h"
_start: mov     r1, #3
        mov     r0, #0
loop:   add     r0, r0, #1
        nop
function f
        subs    r1, r1, #1
        nop
        bne     loop
        exit
