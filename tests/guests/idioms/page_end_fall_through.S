@ A function that runs over the end of a page into another.
@ expect: call f site=after args=1 depth=0
@ expect: tail_call g site=after args=2 depth=1
@ expect: return g result=12
@ expect: return f result=12
@ status: 12
#include "idiom.h"
_start: mov     r0, #1
        bl      f
after:  exit
        .org    0xfc
function f
        add     r0, r0, #1
function g
        add     r0, r0, #10
        bx      lr
