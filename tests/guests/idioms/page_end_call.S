@ A call in the last word of a page: its site is on the next one.
@ expect: call f site=after args=1
@ expect: return f result=2
@ status: 2
#include "idiom.h"
_start: mov     r0, #1
        b       last
function f
        add     r0, r0, #1
        bx      lr
        .org    0xfc
last:   bl      f
after:  exit
