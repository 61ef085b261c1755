@ Self recursion by tail call: a loop whose head is the function's first instruction.
@ expect: call f site=after args=3 depth=0
@ expect: tail_call f site=after args=2 depth=1
@ expect: tail_call f site=after args=1 depth=2
@ expect: tail_call f site=after args=0 depth=3
@ expect: return f depth=3
@ expect: return f depth=2
@ expect: return f depth=1
@ expect: return f depth=0 result=0
#include "idiom.h"
_start: mov     r0, #3
        bl      f
after:  exit
function f
        cmp     r0, #0
        bxeq    lr
        sub     r0, r0, #1
        b       f
