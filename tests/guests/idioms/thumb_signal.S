@ A handler of Thumb code, which interrupts ARM code and Thumb code: a system call in an IT block,
@ whose rest is executed when it has returned.
@ expect: call handler site=restore args=10 depth=0
@ expect: call f site=in_handler args=10 depth=1
@ expect: return f result=11
@ expect: return handler depth=0
@ expect: call arm site=after args=1
@ expect: call handler site=restore args=10 depth=1
@ expect: call f site=in_handler args=10 depth=2
@ expect: return f result=11
@ expect: return handler depth=1
@ expect: return arm depth=0
@ expect: call f site=last args=2 depth=0
@ expect: return f result=3
@ status: 3
#include "thumb.h"
        thumb_start
        catch   10, usr1
        movs    r7, #20
        svc     0
        movs    r1, #10
        movs    r4, #0
        cmp     r4, #0
        itete   eq
        moveq   r7, #37
        movne   r4, #9
        svceq   0                       @ kill(getpid(), 10)
        addne   r4, #9
        itt     eq
        addeq   r4, #1
        moveq   r0, r4
        blx     arm
after:  adds    r0, r4, #1
        bl      f
last:   exit
function f
        adds    r0, #1
        bx      lr
function handler
        push    {r4, lr}
        movs    r4, #100
        bl      f
in_handler:
        cmp     r0, #0
        pop     {r4, pc}
        restorer
        .ltorg
        .arm
function arm
        send    10
        bx      lr
        .data
usr1:   thumb_action handler
