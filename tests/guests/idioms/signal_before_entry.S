@ A signal is delivered between a system call and the function that follows it by fall-through:
@ control arrives there once, when the handler has returned.
@ expect: call f site=after depth=0
@ expect: call handler site=restore args=10 depth=1
@ expect: return handler depth=1
@ expect: tail_call g site=after depth=1 args=0
@ expect: return g result=1
@ expect: return f result=1
@ status: 1
#include "idiom.h"
_start: catch   10, usr1
        bl      f
after:  exit
function f
        send    10
function g
        add     r0, r0, #1
        bx      lr
function handler
        bx      lr
        restorer
        .ltorg
        .data
usr1:   action  handler
