@ System calls in IT blocks: as the last instruction, in the midst, and where the condition fails.
@ Ends with status 3 * 20, or with another one where a call or what is behind it went wrong.
        .syntax unified
        .arch   armv7-a
        .thumb
        .text
        .globl  _start
        .thumb_func
_start: mov     r7, #20                 @ getpid
        mov     r6, #0
        mov     r4, #20
again:  mov     r5, #0
        mov     r0, #0
        cmp     r5, #0
        it      eq
        svceq   #0
        cmp     r0, #0
        it      gt
        addgt   r6, #1
        mov     r0, #0
        cmp     r5, #0
        itt     eq
        svceq   #0
        addeq   r6, #1
        cmp     r0, #0
        it      gt
        addgt   r6, #1
        cmp     r5, #1
        itt     eq
        svceq   #0
        addeq   r6, #100
        subs    r4, #1
        bne     again
        mov     r0, r6
        mov     r7, #1
        svc     #0
