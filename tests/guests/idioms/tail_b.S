@ A tail call by a branch: the second function returns for both.
@ expect: call f site=after depth=0 args=1
@ expect: tail_call g site=after depth=1 args=2
@ expect: return g result=12 depth=1
@ expect: return f result=12 depth=0
@ status: 12
#include "idiom.h"
_start: mov     r0, #1
        bl      f
after:  exit
function f
        add     r0, r0, #1
        b       g
        .word   0
function g
        add     r0, r0, #10
        bx      lr
