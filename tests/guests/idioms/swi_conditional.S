@ Conditional system calls, taken and not taken, also as the first instruction of a function.
@ expect: call f site=a depth=0
@ expect: return f result=99 depth=0
@ expect: call f site=b depth=0
@ expect: syscall close site=in_f depth=1
@ expect: syscall_return close result=-9
@ expect: return f result=-9
@ expect: syscall exit site=end depth=0
@ status: 5
#include "idiom.h"
_start: mov     r7, #6
        mov     r0, #99
        cmp     r0, #1
        bl      f
a:      cmp     r0, #99
        bl      f
b:      mov     r0, #5
        mov     r7, #1
        swine   0                       @ the flags are those of cmp: equal
        swieq   0
end:    b       end
function f
        swieq   0
in_f:   bx      lr
