@ Handlers of Thumb code without a restorer of the program's, the second with siginfo. They return
@ by `mov pc, lr`, which stays in Thumb state: the kernel's code there is Thumb code.
@ expect: call f site=after depth=0
@ expect: call handler args=10 depth=1
@ expect: return handler depth=1
@ expect: call handler args=12 depth=1
@ expect: return handler depth=1
@ expect: return f depth=0
@ status: 3
#include "thumb.h"
        thumb_start
        catch   10, usr1
        catch   12, usr2
        bl      f
after:  movs    r0, #3
        exit
function f
        push    {r4, lr}
        send    10
        send    12
        pop     {r4, pc}
function handler
        mov     pc, lr
        .ltorg
        .data
usr1:   .word   handler, 0, 0, 0, 0
usr2:   .word   handler, 4, 0, 0, 0
