@ Conditional calls: one that is taken, one that is not and must leave no event.
@ expect: call f site=a args=1
@ expect: return f result=2
@ expect: call h site=d args=3
@ expect: return h result=13
@ status: 13
#include "idiom.h"
_start: mov     r0, #1
        cmp     r0, #1
        bleq    f                       @ taken
a:      cmp     r0, #1
        bleq    g                       @ not taken
b:      blne    g_not                   @ taken, to a function that nobody watches
c:      cmp     r0, #3
        blge    h
d:      exit
function f
        add     r0, r0, #1
        bx      lr
function g
        mov     r0, #99
        bx      lr
g_not:  add     r0, r0, #1
        bx      lr
function h
        add     r0, r0, #10
        bx      lr
