@ The alternate stack lies above the one in use: a higher stack pointer that gives up nothing, for
@ it is the pointer of another stack.
@ expect: call f site=after depth=0
@ expect: call handler site=restore args=10 depth=1
@ expect: return handler depth=1
@ expect: return f depth=0
@ status: 2
#include "idiom.h"
_start: ldr     sp, =low
        ldr     r0, =altstack
        mov     r1, #0
        mov     r7, #186                @ sigaltstack
        swi     0
        catch   10, usr1
        bl      f
after:  mov     r0, #2
        exit
function f
        push    {r4, lr}
        send    10
        pop     {r4, pc}
function handler
        bx      lr
        restorer
        .ltorg
        .data
usr1:   action  handler, 0x08000000
altstack:
        .word   area, 0, 8192
        .bss
        .space  4096
low:    .space  4096
area:   .space  8192
