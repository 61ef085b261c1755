@ A function that is the last word of a page, and one that is the first of the next.
@ expect: call f site=a args=1
@ expect: return f result=1
@ expect: call g site=b args=1
@ expect: return g result=1
@ status: 1
#include "idiom.h"
_start: mov     r0, #1
        bl      f
a:      bl      g
b:      exit
        .org    0xfc
function f
        bx      lr
function g
        bx      lr
