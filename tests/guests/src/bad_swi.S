@ An immediate that is neither 0 nor 0x900000-based: SIGILL, for the kernel decides by the immediate
@ and r7 means nothing.
        .text
        .globl  _start
_start: mov     r0, #0
        mov     r7, #1
        swi     0x654321
        mov     r7, #1
        mov     r0, #9
        swi     0
