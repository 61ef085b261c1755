@ Entry of every freestanding guest: hand argc, argv, envp and the auxiliary vector to main().
        .text
        .globl  _start
        .type   _start, %function
_start:
        mov     fp, #0
        ldr     r0, [sp]                @ argc
        add     r1, sp, #4              @ argv
        add     r2, r1, r0, lsl #2
        add     r2, r2, #4              @ envp
        mov     r3, r2
1:      ldr     ip, [r3], #4
        cmp     ip, #0
        bne     1b                      @ r3 = auxv
        bl      main
        b       exit
        .size   _start, . - _start
