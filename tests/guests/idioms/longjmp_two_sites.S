@ Two sites take turns, each call given up by a longjmp to where the stack pointer is the same: what
@ is called from a site is not within what was alive at the other.
@ expect: call f site=in_f depth=0 args=0
@ expect: unwound f depth=0
@ expect: call h site=in_h depth=0 args=1
@ expect: unwound h depth=0
@ expect: call f site=in_f depth=0 args=2
@ expect: unwound f depth=0
@ expect: call h site=in_h depth=0 args=3
@ expect: unwound h depth=0
@ expect: call f site=in_f depth=0 args=4
@ expect: return f result=4 depth=0
@ status: 4
#include "idiom.h"
_start: ldr     r0, =buffer
        bl      setjmp
        tst     r0, #1                  @ what setjmp gave: 0, 1, 2, 3, 4
        bne     odd
        bl      f
in_f:   exit
odd:    bl      h
in_h:   exit
function f
        cmp     r0, #4
        bxeq    lr
        add     r1, r0, #1
        ldr     r0, =buffer
        b       longjmp
function h
        add     r1, r0, #1
        ldr     r0, =buffer
        b       longjmp
        throws
