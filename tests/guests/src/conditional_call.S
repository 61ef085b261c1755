@ A loop that calls h, and under a condition f, which is a loop of its own.
        .text
        .globl  _start, h, f
_start: mov     r4, #40
1:      bl      h
        mov     r0, #200
        cmp     r4, #100
        blne    f
        subs    r4, r4, #1
        bne     1b
        mov     r0, #0
        mov     r7, #1
        swi     0                       @ exit
        .balign 64
h:      bx      lr
        .balign 64
f:      subs    r0, r0, #1
        bne     f
        bx      lr
