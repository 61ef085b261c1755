@ Both system call interfaces in one program: the number is in r7 when the immediate is zero, else
@ in the immediate.
@ expect: call old site=a depth=0
@ expect: syscall close site=in_old depth=1
@ expect: syscall_return close result=-9
@ expect: return old result=-9
@ expect: call new site=b depth=0
@ expect: syscall close site=in_new depth=1
@ expect: syscall_return close result=-9
@ expect: return new result=-9
@ expect: syscall exit site=end
@ status: 2
#include "idiom.h"
_start: mov     r7, #1                  @ exit, in the new interface
        mov     r0, #99
        bl      old
a:      mov     r0, #99
        bl      new
b:      mov     r0, #2
        swi     0x900001
end:    b       end
function old
        swi     0x900006
in_old: bx      lr
function new
        mov     r7, #6
        swi     0
in_new: bx      lr
