@ System calls of every kind in one program: both interfaces, conditional ones taken and not taken,
@ immediates that name nothing, and ARM's private calls. What is no call is a signal, which the
@ handler counts; the exit status is how many there were.
        .text
        .globl  _start
        .macro  handle signal
        mov     r0, #\signal
        ldr     r1, =action
        mov     r2, #0
        mov     r3, #8
        mov     r7, #174                @ rt_sigaction
        swi     0
        .endm
        .macro  private number
        ldr     r7, =0xf0000 + \number
        swi     0
        .endm

_start: handle  4                       @ SIGILL
        handle  5                       @ SIGTRAP
        handle  11                      @ SIGSEGV

        mov     r7, #20                 @ getpid
        swi     0
        mov     r7, #1                  @ means nothing to the old interface
        swi     0x900014                @ getpid
        mov     r0, #20
        swi     0x900071                @ syscall(20)

        mov     r7, #20
        cmp     r0, r0
        swieq   0
        swine   0
        swieq   0x900014
        swine   0x900014
        swine   0x123456

        mov     r7, #20
        swi     0x123456                @ SIGILL: the immediate decides, whatever r7 says
        swi     20                      @ SIGILL
        swi     0x9f0000                @ SIGSEGV: __ARM_NR_BASE itself
        swi     0x9f0001                @ SIGTRAP: breakpoint

        ldr     r0, =_start
        ldr     r1, =_start + 64
        mov     r2, #0
        private 2                       @ cacheflush
        ldr     r0, =_start
        swi     0x9f0002
        ldr     r0, =0x1234
        private 5                       @ set_tls
        private 6                       @ get_tls
        private 1                       @ SIGTRAP
        private 0                       @ SIGSEGV
        private 7                       @ ENOSYS
        private 0x800                   @ SIGILL
        ldr     r7, =9999               @ ENOSYS
        swi     0
        mov     r7, #0                  @ restart_syscall with nothing to restart: EINTR
        swi     0
        cmn     r0, #4
        addne   r8, r8, #100

        ldr     r1, =seen
        ldr     r0, [r1]
        add     r0, r0, r8
        swi     0x900001                @ exit

handler:
        cmp     r0, #5                  @ SIGTRAP comes at the instruction itself: skip it
        ldreq   r1, [sp, #92]           @ the frame's pc
        addeq   r1, r1, #4
        streq   r1, [sp, #92]
        ldr     r1, =seen
        ldr     r0, [r1]
        add     r0, r0, #1
        str     r0, [r1]
        bx      lr
restore:
        mov     r7, #119                @ sigreturn
        swi     0
        .ltorg

        .data
action: .word   handler, 0x04000000, restore, 0, 0
seen:   .word   0
