@ Two functions at one address: one entry, one event, under one of the names.
@ expect: call f site=a args=1
@ expect: return f result=2
@ expect: call g site=b args=2
@ expect: return g result=3
@ status: 3
#include "idiom.h"
_start: mov     r0, #1
        bl      f
a:      bl      g
b:      exit
function f
function g
        add     r0, r0, #1
        bx      lr
