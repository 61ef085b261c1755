@ Runs an instruction of 4 bytes, amid an IT block, whose second half is on a page that may not be
@ executed; a handler of SIGSEGV lets it. Exits with 23 if the frame names the instruction.
        .syntax unified
        .arch   armv7-a
        .thumb
        .global _start
        .thumb_func
_start: ldr     r1, =action
        movs    r0, #11
        movs    r2, #0
        movs    r3, #8
        movs    r7, #174                @ rt_sigaction
        svc     0
        movs    r2, #1                  @ PROT_READ
        bl      protect
        movs    r0, #1
        cmp     r0, #1
        bl      crossing
        movs    r7, #1                  @ exit
        svc     0

        .thumb_func
protect:
        ldr     r0, =across + 2
        mov     r1, #4096
        movs    r7, #125                @ mprotect
        svc     0
        bx      lr

        .thumb_func
catch:  push    {r4, lr}
        ldr     r4, [r2, #20 + 4 * (3 + 15)]
        ldr     r3, =across
        movs    r2, #5                  @ PROT_READ | PROT_EXEC
        cmp     r3, r4                  @ any other pc: leave the page, and die
        it      eq
        bleq    protect
        pop     {r4, pc}

        .thumb_func
restore:
        movs    r7, #173                @ rt_sigreturn
        svc     0
        .ltorg
action: .word   catch + 1, 0x04000004, restore + 1, 0, 0

        .balign 4096
        .space  4096 - 8                @ across is at the last 2 bytes
        .thumb_func
crossing:
        adds    r0, #1
        cmp     r0, #2
        itt     eq
across: addeq.w r0, r0, #20
        addeq   r0, #1
        bx      lr
