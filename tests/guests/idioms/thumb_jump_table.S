@ Jump tables that call nothing: `tbb`, `tbh`, a table of addresses, and one of distances from lr.
@ expect: repeat 3
@ expect: call f site=after depth=0
@ expect: return f
@ expect: call g site=later depth=0
@ expect: return g
@ expect: call h site=last depth=0
@ expect: return h
@ expect: call k site=end_of_loop depth=0
@ expect: return k
@ expect: end
@ status: 76
#include "thumb.h"
        thumb_start
        movs    r4, #0
        movs    r5, #0
loop:   mov     r0, r4
        bl      f
after:  add     r5, r0
        mov     r0, r4
        bl      g
later:  add     r5, r0
        mov     r0, r4
        bl      h
last:   add     r5, r0
        mov     r0, r4
        bl      k
end_of_loop:
        add     r5, r0
        adds    r4, #1
        cmp     r4, #3
        bne     loop
        mov     r0, r5
        exit
function f
        tbb     [pc, r0]
bytes:  .byte   (f0 - bytes) / 2, (f1 - bytes) / 2, (f2 - bytes) / 2, 0
f0:     movs    r0, #1
        bx      lr
f1:     movs    r0, #2
        bx      lr
f2:     movs    r0, #3
        bx      lr
function g
        push    {r4, lr}
        tbh     [pc, r0, lsl #1]
halves: .hword  (g0 - halves) / 2, (g1 - halves) / 2, (g2 - halves) / 2
g0:     movs    r0, #4
        pop     {r4, pc}
g1:     movs    r0, #5
        pop     {r4, pc}
g2:     movs    r0, #6
        pop     {r4, pc}
function h
        ldr     r1, =words
        ldr.w   pc, [r1, r0, lsl #2]
h0:     movs    r0, #7
        bx      lr
h1:     movs    r0, #8
        bx      lr
h2:     movs    r0, #30
        bx      lr
function k
        push    {r4, lr}
        adr.w   lr, places
        ldr.w   r1, [lr, r0, lsl #2]
        add     lr, r1
        bx      lr
        .align  2
places: .word   k0 + 1 - places, k1 + 1 - places, k2 + 1 - places
k0:     movs    r0, #1
        pop     {r4, pc}
k1:     movs    r0, #2
        pop     {r4, pc}
k2:     movs    r0, #7
        pop     {r4, pc}
        .ltorg
words:  .word   h0 + 1, h1 + 1, h2 + 1
