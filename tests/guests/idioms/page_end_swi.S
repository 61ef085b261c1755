@ A system call in the last word of a page.
@ expect: call f site=after args=99 depth=0
@ expect: syscall close site=next depth=1
@ expect: syscall_return close site=next result=-9
@ expect: return f result=-9
@ expect: syscall exit
@ status: 4
#include "idiom.h"
_start: mov     r0, #99
        bl      f
after:  mov     r0, #4
        exit
        .org    0xf8
function f
        mov     r7, #6
        swi     0
next:   bx      lr
