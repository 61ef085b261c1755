@ Recursion 300 deep: more activations than any little cache of them holds.
@ expect: repeat 300
@ expect: call down
@ expect: end
@ expect: repeat 300
@ expect: return down
@ expect: end
@ status: 43
#include "idiom.h"
_start: ldr     r0, =299
        bl      down
after:  exit
function down                           @ gives its argument back
        push    {r4, lr}
        subs    r0, r0, #1
        blpl    down
in:     add     r0, r0, #1
        pop     {r4, pc}
        .ltorg
