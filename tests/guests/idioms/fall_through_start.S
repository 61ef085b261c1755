@ Functions entered by fall-through and by a branch when nothing has been called: lr is still 0.
@ expect: call f site=0 args=1 depth=0
@ expect: tail_call g site=0 args=2 depth=1
@ status: 12
#include "idiom.h"
_start: mov     r0, #1
function f
        add     r0, r0, #1
        b       g
        .word   0
function g
        add     r0, r0, #10
        exit
