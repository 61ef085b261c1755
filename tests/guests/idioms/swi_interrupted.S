@ A system call that a signal interrupts for good: it returns EINTR before the handler runs. The
@ signal is blocked until then, so it does not matter when it comes.
@ expect: syscall rt_sigaction
@ expect: syscall_return rt_sigaction result=0
@ expect: syscall rt_sigprocmask
@ expect: syscall_return rt_sigprocmask result=0
@ expect: syscall setitimer
@ expect: syscall_return setitimer result=0
@ expect: call get site=got depth=0
@ expect: syscall rt_sigsuspend site=in_get depth=1
@ expect: syscall_return rt_sigsuspend site=in_get depth=1 result=-4
@ expect: call handler site=restore args=14 depth=1
@ expect: return handler depth=1
@ expect: syscall sigreturn site=restored depth=1
@ expect: return get result=-4 depth=0
@ expect: syscall exit
@ status: 4
#include "idiom.h"
_start: catch   14, alarm
        mov     r0, #0                  @ SIG_BLOCK
        ldr     r1, =only
        mov     r2, #0
        mov     r3, #8
        mov     r7, #175
        swi     0
        mov     r0, #0                  @ ITIMER_REAL
        ldr     r1, =soon
        mov     r2, #0
        mov     r7, #104                @ setitimer
        swi     0
        bl      get
got:    rsb     r0, r0, #0
        exit
function get
        ldr     r0, =none
        mov     r1, #8
        mov     r7, #179                @ rt_sigsuspend
        swi     0
in_get: bx      lr
function handler
        bx      lr
        restorer
restored:
        .ltorg
        .data
alarm:  action  handler
soon:   .word   0, 0, 0, 2000
only:   .word   1 << 13, 0
none:   .word   0, 0
