@ A branch that is rewritten again and again, to lead to one place or another, each time when it is
@ hot: 3,000 times, or 100 when there is an argument. Its function is on a page of its own.
        .text
        .globl  _start, f
_start: ldr     r0, [sp]                @ argc
        cmp     r0, #1
        ldr     r8, =3000
        movhi   r8, #100
        ldr     r0, =f
        bic     r0, r0, #0xff0
        bic     r0, r0, #0xf
        mov     r1, #4096
        mov     r2, #7
        mov     r7, #125
        swi     0                       @ mprotect
        ldr     r5, =f
        ldr     r6, [r5]
        eor     r9, r6, #2
0:      mov     r4, #60
1:      bl      f
        subs    r4, r4, #1
        bne     1b
        str     r9, [r5]
        eor     r9, r9, #2
        ldr     r0, =f
        add     r1, r0, #4
        mov     r2, #0
        ldr     r7, =0xf0002
        swi     0                       @ cacheflush
        subs    r8, r8, #1
        bne     0b
        mov     r0, #0
        mov     r7, #1
        swi     0                       @ exit
        .ltorg
        .balign 4096
f:      b       g
        nop
        nop
g:      nop
        nop
        bx      lr
