@ Calls `step` until an alarm of 50 ms has rung; the handler counts alarms in `rung`. It makes no
@ system call meanwhile. Exit status: the number of alarms.
        .text
        .globl  _start
_start: mov     r0, #14                 @ SIGALRM
        ldr     r1, =action
        mov     r2, #0
        mov     r3, #8
        mov     r7, #174                @ rt_sigaction
        swi     0
        mov     r0, #0                  @ ITIMER_REAL
        ldr     r1, =soon
        mov     r2, #0
        mov     r7, #104                @ setitimer
        swi     0
        mov     r4, #0
        ldr     r5, =rung
loop:   add     r4, r4, #1              @ calls of `step`
        bl      step
        ldr     r0, [r5]
        cmp     r0, #0
        beq     loop
        mov     r7, #1
        swi     0

        .type   step, %function
step:   bx      lr

        .type   handler, %function
handler:
        ldr     r1, =rung
        ldr     r2, [r1]
        add     r2, r2, #1
        str     r2, [r1]
        bx      lr
restore:
        mov     r7, #119                @ sigreturn
        swi     0
        .ltorg
        .data
action: .word   handler, 0x04000000, restore, 0, 0
soon:   .word   0, 0, 0, 50000
rung:   .word   0
