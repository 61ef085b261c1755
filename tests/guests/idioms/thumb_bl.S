@ `bl` to a function behind it and to one before it, and the return of a leaf. The sites are at 0
@ and at 2 mod 4.
@ expect: call f site=a args=1 depth=0 caller=first
@ expect: return f result=2
@ expect: call g site=b args=2 depth=0
@ expect: return g result=4
@ expect: call f site=c args=4
@ expect: return f result=5
@ status: 5
#include "thumb.h"
        .arm
        b       _start
        .thumb
function g
        adds    r0, #2
        bx      lr
        .align  2
        .arm
        thumb_start
        movs    r0, #1
        movs    r4, #0
first:  bl      f
a:      bl      g
b:      nop
        bl      f
c:      exit
function f
        adds    r0, #1
        bx      lr
