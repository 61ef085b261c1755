@ A system call that a signal interrupts and that is then made again (SA_RESTART): the trap
@ instruction is executed twice and returns once.
@ expect: syscall pipe
@ expect: syscall_return pipe result=0
@ expect: syscall rt_sigaction
@ expect: syscall_return rt_sigaction result=0
@ expect: syscall setitimer
@ expect: syscall_return setitimer result=0
@ expect: call get site=got depth=0
@ expect: syscall read site=in_get depth=1
@ expect: call handler site=restore args=14 depth=1
@ expect: syscall write site=in_handler depth=2
@ expect: syscall_return write depth=2 result=1
@ expect: return handler depth=1
@ expect: syscall sigreturn site=restored depth=1
@ expect: syscall read site=in_get depth=1
@ expect: syscall_return read site=in_get depth=1 result=1
@ expect: return get result=1 depth=0
@ expect: syscall exit
@ status: 1
#include "idiom.h"
_start: ldr     r0, =ends
        mov     r7, #42                 @ pipe
        swi     0
        catch   14, alarm
        mov     r0, #0                  @ ITIMER_REAL
        ldr     r1, =soon
        mov     r2, #0
        mov     r7, #104                @ setitimer
        swi     0
        bl      get
got:    exit
function get
        ldr     r0, =ends
        ldr     r0, [r0]
        ldr     r1, =byte
        mov     r2, #1
        mov     r7, #3                  @ read
        swi     0
in_get: bx      lr
function handler
        ldr     r0, =ends
        ldr     r0, [r0, #4]
        ldr     r1, =byte
        mov     r2, #1
        mov     r7, #4                  @ write
        swi     0
in_handler:
        bx      lr
        restorer
restored:
        .ltorg
        .data
alarm:  action  handler, 0x10000000
soon:   .word   0, 0, 0, 500000
ends:   .word   0, 0
byte:   .word   0
