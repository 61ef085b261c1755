@ As longjmp_same_site, by way of a veneer that nobody watches: it is part of the way, and a call
@ instruction has led here all the same.
@ expect: call f site=in_run args=0 depth=0
@ expect: unwound f depth=0
@ expect: call f site=in_run args=1 depth=0
@ expect: tail_call g site=in_run args=1 depth=1
@ expect: return g result=1 depth=1
@ expect: return f result=1 depth=0
@ status: 1
#include "idiom.h"
_start: ldr     r0, =buffer
        bl      setjmp
        bl      far                     @ with what setjmp gave: 0, 1
in_run: exit
far:    ldr     pc, =f
function f
        cmp     r0, #1
        beq     near
        add     r1, r0, #1
        ldr     r0, =buffer
        b       longjmp
near:   b       g                       @ a tail call, of course
function g
        bx      lr
        throws
