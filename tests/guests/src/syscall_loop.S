@ A loop of 40 rounds: each calls f, which goes round 200 times, and asks for its process id.
        .text
        .globl  _start, f, behind
_start: mov     r4, #40
1:      mov     r0, #200
        bl      f
        mov     r7, #20
        swi     0                       @ getpid
behind: subs    r4, r4, #1
        bne     1b
        mov     r0, #0
        mov     r7, #1
        swi     0                       @ exit
        .balign 64
f:      subs    r0, r0, #1
        bne     f
        bx      lr
