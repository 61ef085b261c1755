@ Leaf functions that are a system call each; the last one does not come back.
@ expect: call bad_close site=a args=99 depth=0
@ expect: syscall close site=in_close depth=1 args=99
@ expect: syscall_return close site=in_close depth=1 result=-9
@ expect: return bad_close result=-9 depth=0
@ expect: call leave site=never args=3 depth=0
@ expect: syscall exit site=in_leave depth=1 args=3
@ status: 3
#include "idiom.h"
_start: mov     r0, #99
        bl      bad_close
a:      mov     r0, #3
        bl      leave
never:  b       never
function bad_close
        mov     r7, #6
        swi     0
in_close:
        bx      lr
function leave
        mov     r7, #1
        swi     0
in_leave:
        bx      lr
