@ A call into the kernel's helper page, which belongs to no file.
@ expect: call f site=after depth=0
@ expect: return f depth=0 result=0
#include "idiom.h"
_start: bl      f
after:  exit
function f
        push    {r4, lr}
        mvn     r3, #0xf000
        mov     lr, pc
        sub     pc, r3, #31             @ 0xffff0fe0: the thread pointer
        mov     r0, #0
        pop     {r4, pc}
