@ Exceptions amid IT blocks. Each handler counts its signal in r11 and has the program go on: after
@ SIGSEGV with the address mended, after the others behind the instruction, where the rest of the
@ block has its conditions. Then the kernel's helper is called from Thumb code and, with an argument,
@ what the kernel mends is tested, which qemu-arm does not.
@ Ends with status 0, or the number of the test that failed.
        .syntax unified
        .arch   armv7-a
        .thumb
        .text
        .globl  _start
        .thumb_func
_start: ldr     r8, [sp]
        movs    r0, #11                 @ SIGSEGV
        ldr     r1, =mend
        bl      catch
        movs    r0, #5                  @ SIGTRAP
        ldr     r1, =skip
        bl      catch
        movs    r0, #4                  @ SIGILL
        ldr     r1, =skip
        bl      catch

        movs    r6, #1                  @ a load that faults, in the midst of a block
        mov     r11, #0
        mov     r4, #0
        movs    r5, #0
        cmp     r4, #0
        itete   eq
        addeq   r5, #1
        addne   r5, #16
        ldreq   r3, [r4]
        addne   r5, #32
        itt     eq
        addeq   r5, #2
        addeq   r5, r3
        mov     r0, #11
        bl      check

        movs    r6, #2                  @ the same in a block that begins with it
        mov     r11, #0
        mov     r4, #0
        movs    r5, #0
        cmp     r4, #0
        ite     ne
        addne   r5, #16
        ldreq   r3, [r4]
        add     r5, r3
        adds    r5, #3
        mov     r0, #11
        bl      check

        movs    r6, #3                  @ breakpoints of debuggers, and an undefined instruction
        mov     r11, #0
        movs    r5, #0
        cmp     r5, #0
        itett   eq
        addeq   r5, #3
        addne   r5, #16
        .inst.n 0xde01
        addeq   r5, #40
        mov     r0, #5
        bl      check

        movs    r6, #4
        mov     r11, #0
        movs    r5, #0
        cmp     r5, #0
        itte    eq
        addeq   r5, #43
        .inst.w 0xf7f0a000
        addne   r5, #16
        mov     r0, #5
        bl      check

        movs    r6, #5
        mov     r11, #0
        movs    r5, #0
        cmp     r5, #0
        itte    eq
        .inst.n 0xde00
        addeq   r5, #43
        .inst.n 0xde02                  @ its condition fails: nothing
        mov     r0, #4
        bl      check

        movs    r6, #6                  @ bkpt has no condition
        mov     r11, #0
        movs    r5, #43
        cmp     r5, #0
        itt     eq
        bkpt    #0
        moveq   r5, #16
        mov     r0, #5
        bl      check

        movs    r6, #7                  @ the kernel's helper: get_tls
        movs    r0, #43
        ldr     r7, =0xf0005
        svc     0
        ldr     r3, =0xffff0fe0
        blx     r3
        mov     r5, r0
        mov     r11, #0
        movs    r0, #0
        bl      check

        cmp     r8, #1
        beq     done
        movs    r6, #8                  @ multiple registers at an address that is no multiple of 4
        ldr     r4, =store + 2
        movs    r2, #3
        movs    r3, #40
        strd    r2, r3, [r4]
        ldmia   r4, {r0, r5}
        adds    r5, r5, r0
        ldrd    r0, r1, [r4]
        subs    r0, #3
        bl      check

done:   movs    r0, #0
exit:   movs    r7, #1
        svc     0

        .thumb_func
catch:  ldr     r2, =action
        str     r1, [r2]
        mov     r1, r2
        movs    r2, #0
        movs    r3, #8
        movs    r7, #174
        svc     0
        bx      lr

        .thumb_func
check:  cmp     r11, r0                 @ one signal, and 43
        it      eq
        cmpeq   r5, #43
        itt     ne
        movne   r0, r6
        bne     exit
        bx      lr

        .thumb_func
mend:   ldr     r1, =answer             @ of the saved context, at r2 + 20: r4, r11
        str     r1, [r2, #20 + 4 * (3 + 4)]
        b       count

        .thumb_func
skip:   ldr     r1, [r2, #20 + 4 * (3 + 15)]
        ldrh    r3, [r1]
        adds    r1, #2
        lsrs    r3, #11
        cmp     r3, #0x1d
        it      hs
        addhs   r1, #2
        str     r1, [r2, #20 + 4 * (3 + 15)]
        ldr     r1, [r2, #20 + 4 * (3 + 16)]
        bic     r3, r1, #0x06000000     @ ITSTATE goes on, as the hardware would have it
        bic     r3, r3, #0x0000fc00
        ubfx    r7, r1, #25, #2
        ubfx    r1, r1, #10, #6
        orr     r7, r7, r1, lsl #2
        and     r1, r7, #0xe0
        ands    r12, r7, #7
        lsl     r7, r7, #1
        and     r7, r7, #0x1f
        orr     r7, r7, r1
        it      eq
        moveq   r7, #0
        and     r1, r7, #3
        orr     r3, r3, r1, lsl #25
        lsrs    r7, #2
        orr     r3, r3, r7, lsl #10
        str     r3, [r2, #20 + 4 * (3 + 16)]
count:  ldr     r1, [r2, #20 + 4 * (3 + 11)]
        add     r1, r0
        str     r1, [r2, #20 + 4 * (3 + 11)]
        bx      lr

        .thumb_func
restore:
        movs    r7, #173
        svc     0

        .ltorg
        .data
        .align  2
answer: .word   40
action: .word   0, 0x04000004, restore + 1, 0, 0
store:  .space  12
