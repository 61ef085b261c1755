@ The frames of the old procedure call standard: the return loads sp itself, without write-back.
@ expect: call f site=a args=1 depth=0
@ expect: call g site=in_f args=2 depth=1
@ expect: return g result=3 depth=1
@ expect: return f result=4 depth=0
@ status: 4
#include "idiom.h"
_start: mov     fp, #0
        mov     r0, #1
        bl      f
a:      exit
function f
        mov     ip, sp
        stmfd   sp!, {fp, ip, lr, pc}
        sub     fp, ip, #4
        sub     sp, sp, #8
        add     r0, r0, #1
        bl      g
in_f:   add     r0, r0, #1
        ldmea   fp, {fp, sp, pc}        @ ldmdb: fp, ip as sp, lr as pc
function g
        mov     ip, sp
        stmfd   sp!, {fp, ip, lr}
        sub     fp, ip, #4
        add     r0, r0, #1
        ldmia   sp, {fp, sp, pc}
