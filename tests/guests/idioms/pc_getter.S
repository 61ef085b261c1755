@ bl used to learn the pc: it calls nothing, and the function's own return address is kept aside.
@ expect: call f site=after depth=0
@ expect: return f result=4
@ status: 4
#include "idiom.h"
_start: bl      f
after:  exit
function f
        mov     r3, lr
        bl      here
here:   adr     r1, there               @ lr is here, there is a word further
there:  sub     r0, r1, lr
        bx      r3
