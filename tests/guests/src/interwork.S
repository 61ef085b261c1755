@ ARM code calls Thumb code, which calls ARM code and itself: with `bl`, `blx`, and through registers.
@ Ends with status 55.
        .syntax unified
        .arch   armv7-a
        .arm
        .text
        .globl  _start
        .type   arm_main, %function
        .type   thumb_sum, %function
        .type   arm_double, %function
        .type   thumb_next, %function
_start: bl      arm_main
        mov     r7, #1
        svc     0

arm_main:
        push    {r4, lr}
        mov     r0, #6
        blx     thumb_sum               @ 6 + .. + 1 = 21, each doubled: 42
        ldr     r4, =thumb_next
        blx     r4
        mov     r4, #5
0:      blx     thumb_next
        subs    r4, r4, #1
        bne     0b
        pop     {r4, lr}
        ldr     r3, =thumb_last         @ a tail call of the other state
        bx      r3
        .ltorg

arm_double:
        lsl     r0, r0, #1
        bx      lr

        .thumb
        nop                             @ the first function is at 2 mod 4
        .thumb_func
thumb_sum:
        cmp     r0, #0
        it      eq
        bxeq    lr
        push    {r4, lr}
        mov     r4, r0
        blx     arm_double
        eor     r4, r4, r0
        eor     r0, r4, r0              @ the number again
        eor     r4, r4, r0              @ and its double
        subs    r0, #1
        bl      thumb_sum
        add     r0, r4
        pop     {r4, pc}

        .thumb_func
thumb_next:
        adds    r0, #1
        bx      lr

        .type   thumb_last, %function
thumb_last:
        push    {r4, lr}
        ldr     r3, =arm_double
        blx     r3                      @ 96
        lsrs    r0, #1
        bl      thumb_next
        adds    r0, #5
        pop     {r4, lr}
        b.w     thumb_next
        .ltorg
