@ No function uses the stack: return addresses wait in registers, all stack pointers are the same.
@ expect: call f site=after args=1 depth=0
@ expect: call g site=in_f args=2 depth=1
@ expect: call h site=in_g args=3 depth=2
@ expect: return h result=4 depth=2
@ expect: return g result=5 depth=1
@ expect: call h site=again args=5 depth=1
@ expect: return h result=6 depth=1
@ expect: return f result=6 depth=0
@ status: 6
#include "idiom.h"
_start: mov     r0, #1
        bl      f
after:  exit
function f
        mov     r10, lr
        add     r0, r0, #1
        bl      g
in_f:   bl      h
again:  bx      r10
function g
        mov     r9, lr
        add     r0, r0, #1
        bl      h
in_g:   add     r0, r0, #1
        mov     pc, r9
function h
        add     r0, r0, #1
        bx      lr
