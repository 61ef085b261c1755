@ With argc >= 2 it executes 3 + 3 * argc + 3 instructions, the last swi among them.
@ Without arguments it spins forever, one instruction a round after the first two.
        .text
        .globl  _start
_start: ldr     r4, [sp]                @ argc
        cmp     r4, #1
forever:
        beq     forever
loop:   subs    r4, r4, #1
        nop
        bne     loop
        mov     r0, #0
        mov     r7, #1
        swi     0
